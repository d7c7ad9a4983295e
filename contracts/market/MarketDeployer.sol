// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbitrator} from "../interfaces/IArbitrator.sol";
import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {IJobEscrow} from "../interfaces/IJobEscrow.sol";
import {IResultOracle} from "../interfaces/IResultOracle.sol";
import {ResultOracle} from "../oracle/ResultOracle.sol";
import {ReporterStake} from "../oracle/stake/ReporterStake.sol";
import {ReporterStakeFactory} from "../oracle/stake/ReporterStakeFactory.sol";
import {JobEscrow} from "./JobEscrow.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Makes the escrow, its oracle and their desk of disputes
/// @notice They name each other in immutables. Their addresses follow from this contract's address and the order of
/// creation alone, so none needs an initialiser that somebody could call first. Row 1 is registered in the same
/// transaction. The desk's code does not fit beside the other two (EIP-3860): anybody brings it to {makeDesk}, and only
/// the code whose hash was fixed here is taken. Afterwards this contract can do nothing.
contract MarketDeployer {
    /// @notice Who judges at first, and what they stake.
    struct Reporters {
        /// @dev The first signer set, of which `quorum` must sign.
        address[] first;
        uint256 quorum;
        /// @dev Makes the stake, before or after this; it is held in the policy's token, the one unit in which a stake
        /// can be compared with what it vouches for.
        ReporterStakeFactory stakes;
        /// @dev Of one reporter, in the token's smallest unit.
        uint256 minStake;
    }

    error MarketDeployer_OracleElsewhere(address made, address expected);
    error MarketDeployer_OtherCode(bytes32 codeHash, bytes32 expected);
    error MarketDeployer_DeskElsewhere(address made, address expected);

    JobEscrow public immutable JOB_ESCROW;
    ResultOracle public immutable RESULT_ORACLE;
    /// @notice Where {makeDesk} puts the desk.
    address public immutable DISPUTE_DESK;
    /// @notice keccak-256 of the desk's creation code, without arguments.
    bytes32 public immutable DESK_CODE_HASH;
    IArbitrator public immutable ARBITRATOR;
    IERC8004Identity public immutable AGENT_REGISTRY;
    ReporterStake public immutable REPORTER_STAKE;
    /// @notice The seeded row, 1.
    uint32 public immutable POLICY_ID;

    /// @param policy Terms of the seeded row; its evaluator and its fee are filled in here as given.
    /// @param arbitrator The court before which disputes come.
    /// @param agentRegistry Where the desk learns who owns an agent.
    constructor(
        address owner,
        address treasury,
        IJobEscrow.Policy memory policy,
        Reporters memory reporters,
        IArbitrator arbitrator,
        IERC8004Identity agentRegistry,
        bytes32 deskCodeHash
    ) {
        address oracle = _child(2);
        REPORTER_STAKE = ReporterStake(
            reporters.stakes
                .addressOf(IERC20(policy.token), IResultOracle(oracle), treasury, reporters.minStake)
        );
        policy.evaluator = oracle;
        DISPUTE_DESK = _child(3);
        DESK_CODE_HASH = deskCodeHash;
        ARBITRATOR = arbitrator;
        AGENT_REGISTRY = agentRegistry;
        JOB_ESCROW = new JobEscrow({
            owner_: owner,
            treasury: treasury,
            resultOracle: oracle,
            defaultToken: policy.token,
            feeBps: policy.feeBps,
            poolShareBps: policy.poolShareBps
        });
        RESULT_ORACLE =
            new ResultOracle(JOB_ESCROW, REPORTER_STAKE, reporters.first, reporters.quorum, DISPUTE_DESK);
        if (address(RESULT_ORACLE) != oracle) {
            revert MarketDeployer_OracleElsewhere(address(RESULT_ORACLE), oracle);
        }
        POLICY_ID = JOB_ESCROW.registerPolicy(policy);
    }

    /// @notice Makes the desk; once, by anybody.
    /// @param creationCode Of {DisputeDesk}, without arguments.
    function makeDesk(bytes calldata creationCode) external returns (address desk) {
        bytes32 codeHash = keccak256(creationCode);
        if (codeHash != DESK_CODE_HASH) revert MarketDeployer_OtherCode(codeHash, DESK_CODE_HASH);
        bytes memory code =
            abi.encodePacked(creationCode, abi.encode(JOB_ESCROW, RESULT_ORACLE, ARBITRATOR, AGENT_REGISTRY));
        assembly ("memory-safe") {
            desk := create(0, add(code, 32), mload(code))
        }
        if (desk != DISPUTE_DESK) revert MarketDeployer_DeskElsewhere(desk, DISPUTE_DESK);
    }

    /// @dev Address of this contract's `nonce`-th creation: the last 20 bytes of keccak256(rlp([this, nonce])).
    function _child(uint8 nonce) private view returns (address) {
        bytes32 hash = keccak256(abi.encodePacked(bytes2(0xd694), address(this), nonce));
        return address(uint160(uint256(hash)));
    }
}
