// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {ResultOracle} from "../oracle/ResultOracle.sol";
import {JobEscrow} from "./JobEscrow.sol";

/// @title Makes the escrow and its oracle together
/// @notice Each of the two names the other in an immutable. Their addresses follow from this contract's address and
/// the order of creation alone, so neither needs an initialiser that somebody could call first. Row 1 is registered
/// in the same transaction. Afterwards this contract can do nothing.
contract MarketDeployer {
    error MarketDeployer_OracleElsewhere(address made, address expected);

    JobEscrow public immutable JOB_ESCROW;
    ResultOracle public immutable RESULT_ORACLE;
    /// @notice The seeded row, 1.
    uint32 public immutable POLICY_ID;

    /// @param policy Terms of the seeded row; its evaluator and its fee are filled in here as given.
    constructor(
        address owner,
        address treasury,
        IJobEscrow.Policy memory policy,
        address[] memory reporters,
        uint256 quorum
    ) {
        address oracle = _secondChild();
        policy.evaluator = oracle;
        JOB_ESCROW = new JobEscrow({
            owner_: owner,
            treasury: treasury,
            resultOracle: oracle,
            defaultToken: policy.token,
            feeBps: policy.feeBps,
            poolShareBps: policy.poolShareBps
        });
        RESULT_ORACLE = new ResultOracle(JOB_ESCROW, reporters, quorum);
        if (address(RESULT_ORACLE) != oracle) {
            revert MarketDeployer_OracleElsewhere(address(RESULT_ORACLE), oracle);
        }
        POLICY_ID = JOB_ESCROW.registerPolicy(policy);
    }

    /// @dev Address of this contract's second creation: the last 20 bytes of keccak256(rlp([this, 2])).
    function _secondChild() private view returns (address) {
        bytes32 hash = keccak256(abi.encodePacked(bytes2(0xd694), address(this), bytes1(0x02)));
        return address(uint160(uint256(hash)));
    }
}
