// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IERC8004Identity} from "../../../../contracts/interfaces/IERC8004Identity.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IReputationRegistry} from "../../../../contracts/interfaces/IReputationRegistry.sol";
import {IValidationRegistry} from "../../../../contracts/interfaces/IValidationRegistry.sol";
import {TagBook, Tags} from "../../../../contracts/libraries/TagBook.sol";
import {ReputationRegistry} from "../../../../contracts/reputation/ReputationRegistry.sol";
import {ValidationRegistry} from "../../../../contracts/reputation/ValidationRegistry.sol";
import {ReputationTest} from "./ReputationTest.sol";

/// @title What the registries refuse at their edges
contract BoundsTest is ReputationTest {
    Tags private _book;

    function ensureTag(string memory text, uint256 maxId) external returns (uint256) {
        return TagBook.ensure(_book, text, maxId);
    }

    function test_tags__when_the_book_is_full__reverts_for_new_ones() public {
        vm.assertEq(this.ensureTag("a", 2), 1, "first");
        vm.assertEq(this.ensureTag("b", 2), 2, "second");
        vm.expectRevert(abi.encodeWithSelector(TagBook.TagBook_Full.selector, 2));
        this.ensureTag("c", 2);
        vm.assertEq(this.ensureTag("a", 2), 1, "known ones go on");
    }

    function test_bindWallet__when_the_agent_id_is_too_big__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_AgentIdTooBig.selector, 2 ** 64)
        );
        reputation.bindWallet(2 ** 64);
    }

    function test_reputation__when_an_address_is_missing__reverts() public {
        _refuse("agentRegistry");
        new ReputationRegistry(IERC8004Identity(address(0)), escrow, address(oracle), address(token), 1, 1);
        _refuse("jobEscrow");
        new ReputationRegistry(registry, IJobEscrow(address(0)), address(oracle), address(token), 1, 1);
        _refuse("weighedToken");
        new ReputationRegistry(registry, escrow, address(oracle), address(0), 1, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IReputationRegistry.ReputationRegistry_CapOutOfRange.selector, 1 << 40, (1 << 40) - 1
            )
        );
        new ReputationRegistry(registry, escrow, address(oracle), address(token), 1, 1 << 40);
        ReputationRegistry made =
            new ReputationRegistry(registry, escrow, address(oracle), address(token), 0, 1);
        vm.assertEq(made.WEIGHT_UNIT(), 1, "a unit of zero means one");
    }

    function test_summary__when_the_service_was_never_rated__has_only_an_epoch() public {
        _rate(_paidJob(), 80);
        IReputationRegistry.JobSummary memory summary = reputation.jobSummary(agentId, "never");
        vm.assertEq(uint256(summary.epoch), 1, "epoch");
        vm.assertEq(uint256(summary.count), 0, "count");
    }

    function test_validation__when_an_address_is_missing__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IValidationRegistry.ValidationRegistry_AddressIsZero.selector, bytes32("agentRegistry")
            )
        );
        new ValidationRegistry(IERC8004Identity(address(0)), IERC20(address(token)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IValidationRegistry.ValidationRegistry_AddressIsZero.selector, bytes32("bondToken")
            )
        );
        new ValidationRegistry(registry, IERC20(address(0)));
    }

    function test_validation__when_it_is_asked__tells_what_it_is() public {
        ValidationRegistry validation = new ValidationRegistry(registry, IERC20(address(token)));
        vm.assertEq(validation.getVersion(), "2.0.0", "version");
        vm.assertEq(validation.getIdentityRegistry(), address(registry), "registry");
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationRegistry_AgentIdTooBig.selector, 2 ** 32)
        );
        validation.validationRequest(stranger, 2 ** 32, "", bytes32(uint256(1)));
    }

    function _refuse(bytes32 which) private {
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.ReputationRegistry_AddressIsZero.selector, which)
        );
    }
}
