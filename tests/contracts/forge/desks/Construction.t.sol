// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DisputeDesk} from "../../../../contracts/court/DisputeDesk.sol";
import {CoinDesk} from "../../../../contracts/desks/CoinDesk.sol";
import {ListingDesk} from "../../../../contracts/desks/ListingDesk.sol";
import {TenderDesk} from "../../../../contracts/desks/TenderDesk.sol";
import {WorkDesk} from "../../../../contracts/desks/WorkDesk.sol";
import {IArbitrator} from "../../../../contracts/interfaces/IArbitrator.sol";
import {IDisputable} from "../../../../contracts/interfaces/IDisputable.sol";
import {IDisputeDesk} from "../../../../contracts/interfaces/IDisputeDesk.sol";
import {IERC8004Identity} from "../../../../contracts/interfaces/IERC8004Identity.sol";
import {IHiringDesk} from "../../../../contracts/interfaces/IHiringDesk.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IReputationRegistry} from "../../../../contracts/interfaces/IReputationRegistry.sol";
import {IServiceListings} from "../../../../contracts/interfaces/IServiceListings.sol";
import {IWrappedCoin} from "../../../../contracts/interfaces/IWrappedCoin.sol";
import {MarketDeployer} from "../../../../contracts/market/MarketDeployer.sol";
import {ResultOracle} from "../../../../contracts/oracle/ResultOracle.sol";
import {MarketTest} from "../MarketTest.sol";
import {VmMore} from "../support/VmMore.sol";

/// @dev Contracts that name others for ever refuse to be made without them.
contract ConstructionTest is MarketTest {
    function test_construction__given_no_other_contract__a_dispute_desk_is_refused() public {
        for (uint256 missing = 0; missing < 4; ++missing) {
            bytes32[4] memory names = [bytes32("escrow"), "oracle", "arbitrator", "agentRegistry"];
            vm.expectRevert(
                abi.encodeWithSelector(IDisputeDesk.DisputeDesk_AddressIsZero.selector, names[missing])
            );
            new DisputeDesk(
                missing == 0 ? IJobEscrow(address(0)) : IJobEscrow(address(escrow)),
                missing == 1 ? IDisputable(address(0)) : IDisputable(address(oracle)),
                missing == 2 ? IArbitrator(address(0)) : IArbitrator(address(1)),
                missing == 3 ? IERC8004Identity(address(0)) : IERC8004Identity(address(registry))
            );
        }
    }

    function test_construction__given_no_other_contract__a_desk_is_refused() public {
        IJobEscrow house = IJobEscrow(address(escrow));
        _expectZero("escrow");
        new WorkDesk(IJobEscrow(address(0)));
        _expectZero("listings");
        new ListingDesk(house, IServiceListings(address(0)), registry);
        _expectZero("agentRegistry");
        new ListingDesk(house, listings, IERC8004Identity(address(0)));
        _expectZero("agentRegistry");
        new TenderDesk(house, IERC8004Identity(address(0)), IReputationRegistry(address(0)));
        vm.expectRevert(abi.encodeWithSelector(CoinDesk.CoinDesk_AddressIsZero.selector, bytes32("escrow")));
        new CoinDesk(IJobEscrow(address(0)), IWrappedCoin(address(1)));
        vm.expectRevert(abi.encodeWithSelector(CoinDesk.CoinDesk_AddressIsZero.selector, bytes32("coin")));
        new CoinDesk(house, IWrappedCoin(address(0)));
    }

    function test_construction__given_no_desk_of_disputes__an_oracle_is_refused() public {
        vm.expectRevert(IDisputable.ResultOracle_DeskIsZero.selector);
        new ResultOracle(IJobEscrow(address(escrow)), stake, reporterSet, 2, address(0));
    }

    function test_construction__when_other_code_is_brought_for_the_desk__reverts_with_both_hashes() public {
        bytes memory other = hex"00";
        vm.expectRevert(
            abi.encodeWithSelector(
                MarketDeployer.MarketDeployer_OtherCode.selector, keccak256(other), deployer.DESK_CODE_HASH()
            )
        );
        deployer.makeDesk(other);
    }

    function test_construction__when_the_desk_is_made_twice__reverts_for_its_place() public {
        VmMore(address(vm)).expectRevert();
        deployer.makeDesk(type(DisputeDesk).creationCode);
    }

    function _expectZero(bytes32 name) private {
        vm.expectRevert(abi.encodeWithSelector(IHiringDesk.HiringDesk_AddressIsZero.selector, name));
    }
}
