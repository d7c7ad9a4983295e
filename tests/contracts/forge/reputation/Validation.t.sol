// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AgentRegistry} from "../../../../contracts/identity/AgentRegistry.sol";
import {IERC8004Validation} from "../../../../contracts/interfaces/IERC8004Validation.sol";
import {IValidationRegistry} from "../../../../contracts/interfaces/IValidationRegistry.sol";
import {FeeOnTransferToken} from "../../../../contracts/mocks/FeeOnTransferToken.sol";
import {TestDollar} from "../../../../contracts/mocks/TestDollar.sol";
import {ValidationRegistry} from "../../../../contracts/reputation/ValidationRegistry.sol";
import {VmMore} from "../support/VmMore.sol";

/// @title Validation: ERC-8004's ABI and behaviour, deadline and bond (validation.tree)
contract ValidationTest {
    VmMore internal constant vm = VmMore(address(uint160(uint256(keccak256("hevm cheat code")))));

    address internal owner = address(0xA11CE);
    address internal validator = address(0x7A11DA);
    address internal stranger = address(0x57A9);
    bytes32 internal constant REQUEST = keccak256("request");

    TestDollar internal token;
    AgentRegistry internal registry;
    ValidationRegistry internal validation;
    uint256 internal agentId;

    function setUp() public {
        token = new TestDollar();
        registry = new AgentRegistry();
        validation = new ValidationRegistry(registry, IERC20(address(token)));
        vm.prank(stranger);
        registry.register();
        vm.prank(owner);
        agentId = registry.register();
        token.mint(owner, 1_000e6);
        vm.prank(owner);
        token.approve(address(validation), type(uint256).max);
    }

    /* ---------- identifiers ---------- */

    function test_D1_validation_selectors__when_of_the_standard__are_as_published() public pure {
        bytes4[6] memory expected =
            [bytes4(0xaaf400c4), 0x3d659a96, 0xff2febfc, 0x1b7cabd6, 0x8d5d0c2d, 0x4bf3158c];
        bytes4[6] memory ours = [
            IERC8004Validation.validationRequest.selector,
            IERC8004Validation.validationResponse.selector,
            IERC8004Validation.getValidationStatus.selector,
            IERC8004Validation.getSummary.selector,
            IERC8004Validation.getAgentValidations.selector,
            IERC8004Validation.getValidatorRequests.selector
        ];
        for (uint256 i = 0; i < ours.length; ++i) {
            vm.assertEq(bytes32(ours[i]), bytes32(expected[i]), "selector");
        }
        vm.assertEq(
            IERC8004Validation.ValidationRequest.selector,
            0x530436c3634a98e1e626b0898be2f1e9980cc1bd2a78c07a0aba52d0a48a5059,
            "ValidationRequest"
        );
        vm.assertEq(
            IERC8004Validation.ValidationResponse.selector,
            0xafddf629e874ccc3963b6a888c477bd464a6c8525024fc88759ea3b2326349ae,
            "ValidationResponse"
        );
    }

    /* ---------- request ---------- */

    function test_validationRequest__when_by_the_owner__is_listed_on_both_sides() public {
        vm.expectEmit(true, true, true, true, address(validation));
        emit IERC8004Validation.ValidationRequest(validator, agentId, "ipfs://q", REQUEST);
        _request(REQUEST);
        (
            address asked,
            uint256 about,
            uint8 response,
            bytes32 responseHash,
            string memory tag,
            uint256 updatedAt
        ) = validation.getValidationStatus(REQUEST);
        vm.assertEq(asked, validator, "validator");
        vm.assertEq(about, agentId, "agent");
        vm.assertEq(uint256(response), 0, "response");
        vm.assertEq(responseHash, 0, "response hash");
        vm.assertEq(tag, "", "tag");
        vm.assertEq(updatedAt, block.timestamp, "last update");
        vm.assertFalse(validation.hasResponse(REQUEST), "no answer yet");
        vm.assertEq(validation.getAgentValidations(agentId)[0], REQUEST, "agent's list");
        vm.assertEq(validation.getValidatorRequests(validator)[0], REQUEST, "validator's list");
    }

    function test_validationRequest__when_many__keeps_every_list_in_order() public {
        for (uint256 i = 0; i < 9; ++i) {
            _request(keccak256(abi.encode(i)));
        }
        bytes32[] memory ofValidator = validation.getValidatorRequests(validator);
        bytes32[] memory ofAgent = validation.getAgentValidations(agentId);
        vm.assertEq(ofValidator.length, 9, "length");
        for (uint256 i = 0; i < 9; ++i) {
            vm.assertEq(ofValidator[i], keccak256(abi.encode(i)), "validator's list");
            vm.assertEq(ofAgent[i], keccak256(abi.encode(i)), "agent's list");
        }
        vm.assertEq(validation.agentValidationsPage(agentId, 7, 5).length, 2, "R4: pages");
        vm.assertEq(validation.agentValidationsPage(agentId, 9, 5).length, 0, "R4: past the end");
    }

    function test_validationRequest__when_by_a_stranger__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IValidationRegistry.ValidationRegistry_NotAuthorized.selector, stranger, agentId
            )
        );
        vm.prank(stranger);
        validation.validationRequest(validator, agentId, "", REQUEST);
    }

    function test_validationRequest__when_of_a_hash_that_exists__reverts() public {
        _request(REQUEST);
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationRegistry_RequestExists.selector, REQUEST)
        );
        _request(REQUEST);
    }

    function test_validationRequest__when_to_nobody__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationRegistry_ValidatorIsZero.selector)
        );
        vm.prank(owner);
        validation.validationRequest(address(0), agentId, "", REQUEST);
    }

    /* ---------- response ---------- */

    function test_validationResponse__when_of_zero__is_an_answer() public {
        _request(REQUEST);
        vm.warp(block.timestamp + 9);
        vm.expectEmit(true, true, true, true, address(validation));
        emit IERC8004Validation.ValidationResponse(
            validator, agentId, REQUEST, 0, "ipfs://a", keccak256("a"), "t"
        );
        _respond(REQUEST, 0, "t");
        vm.assertTrue(validation.hasResponse(REQUEST), "answered");
        (,, uint8 response, bytes32 responseHash, string memory tag, uint256 updatedAt) =
            validation.getValidationStatus(REQUEST);
        vm.assertEq(uint256(response), 0, "response");
        vm.assertEq(responseHash, keccak256("a"), "hash");
        vm.assertEq(tag, "t", "tag");
        vm.assertEq(updatedAt, block.timestamp, "last update");
    }

    function test_validationResponse__when_again__replaces_the_first() public {
        _request(REQUEST);
        _respond(REQUEST, 10, "soft");
        _respond(REQUEST, 100, "hard");
        (,, uint8 response,, string memory tag,) = validation.getValidationStatus(REQUEST);
        vm.assertEq(uint256(response), 100, "response");
        vm.assertEq(tag, "hard", "tag");
        (uint64 count,) = validation.getSummary(agentId, new address[](0), "");
        vm.assertEq(uint256(count), 1, "counted once");
    }

    function test_validationResponse__when_by_another__reverts() public {
        _request(REQUEST);
        vm.expectRevert(
            abi.encodeWithSelector(
                IValidationRegistry.ValidationRegistry_NotValidator.selector, owner, validator
            )
        );
        vm.prank(owner);
        validation.validationResponse(REQUEST, 1, "", 0, "");
    }

    function test_validationResponse__when_above_100__reverts() public {
        _request(REQUEST);
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationRegistry_ResponseTooHigh.selector, 101, 100)
        );
        _respond(REQUEST, 101, "");
    }

    function test_validationResponse__when_to_an_unknown_request__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationRegistry_UnknownRequest.selector, REQUEST)
        );
        _respond(REQUEST, 1, "");
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationRegistry_UnknownRequest.selector, REQUEST)
        );
        validation.getValidationStatus(REQUEST);
    }

    function test_getSummary__when_of_validations__counts_only_answers() public {
        for (uint256 i = 0; i < 4; ++i) {
            _request(keccak256(abi.encode(i)));
        }
        _respond(keccak256(abi.encode(uint256(0))), 50, "a");
        _respond(keccak256(abi.encode(uint256(1))), 101 - 2, "b");
        _respond(keccak256(abi.encode(uint256(2))), 0, "a");
        (uint64 count, uint8 mean) = validation.getSummary(agentId, new address[](0), "");
        vm.assertEq(uint256(count), 3, "answered");
        vm.assertEq(uint256(mean), 49, "149 / 3 down");
        (count, mean) = validation.getSummary(agentId, new address[](0), "a");
        vm.assertEq(uint256(count), 2, "by tag");
        vm.assertEq(uint256(mean), 25, "mean by tag");
        (count,) = validation.getSummary(agentId, new address[](0), "never");
        vm.assertEq(uint256(count), 0, "unknown tag");
        address[] memory named = new address[](1);
        named[0] = stranger;
        (count,) = validation.getSummary(agentId, named, "");
        vm.assertEq(uint256(count), 0, "another validator");
        named[0] = validator;
        (count,) = validation.getSummary(agentId, named, "");
        vm.assertEq(uint256(count), 3, "the validator");
    }

    /* ---------- deadline and bond ---------- */

    function test_bond__when_on_an_answer_in_time__goes_to_the_validator() public {
        _requestWithBond(10e6);
        vm.assertEq(token.balanceOf(address(validation)), 10e6, "locked");
        vm.warp(block.timestamp + 100);
        _respond(REQUEST, 70, "");
        vm.assertEq(validation.creditOf(validator), 10e6, "credit");
        _respond(REQUEST, 80, "");
        vm.assertEq(validation.creditOf(validator), 10e6, "once");
        vm.prank(stranger);
        validation.withdrawFor(validator);
        vm.assertEq(token.balanceOf(validator), 10e6, "paid by anybody's call");
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationRegistry_NoCredit.selector, validator)
        );
        validation.withdrawFor(validator);
    }

    function test_bond__when_after_the_deadline__refuses_a_first_answer_and_goes_back() public {
        _requestWithBond(10e6);
        uint256 answerBy = block.timestamp + 100;
        vm.expectRevert(
            abi.encodeWithSelector(
                IValidationRegistry.ValidationRegistry_TooEarly.selector, block.timestamp, answerBy + 1
            )
        );
        validation.reclaimBond(REQUEST);
        vm.warp(answerBy + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IValidationRegistry.ValidationRegistry_DeadlinePassed.selector, answerBy + 1, answerBy
            )
        );
        _respond(REQUEST, 70, "");
        vm.prank(stranger);
        validation.reclaimBond(REQUEST);
        vm.assertEq(validation.creditOf(owner), 10e6, "credit of the requester");
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationRegistry_NoBond.selector, REQUEST)
        );
        validation.reclaimBond(REQUEST);
    }

    function test_bond__when_after_an_answer__cannot_be_reclaimed_and_answers_go_on() public {
        _requestWithBond(10e6);
        _respond(REQUEST, 70, "");
        vm.warp(block.timestamp + 200);
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.ValidationRegistry_NoBond.selector, REQUEST)
        );
        validation.reclaimBond(REQUEST);
        _respond(REQUEST, 60, "");
        vm.assertEq(uint256(validation.validationOf(REQUEST).response), 60, "corrected");
    }

    function test_bond__when_of_zero__has_only_a_deadline() public {
        _requestWithBond(0);
        vm.assertEq(uint256(validation.validationOf(REQUEST).answerBy), block.timestamp + 100, "deadline");
        vm.warp(block.timestamp + 101);
        vm.expectRevert(
            abi.encodeWithSelector(
                IValidationRegistry.ValidationRegistry_DeadlinePassed.selector,
                block.timestamp,
                block.timestamp - 1
            )
        );
        _respond(REQUEST, 70, "");
    }

    function test_bond__when_with_a_deadline_out_of_range__reverts() public {
        uint256[2] memory deadlines = [block.timestamp, block.timestamp + 365 days + 1];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IValidationRegistry.ValidationRegistry_DeadlineOutOfRange.selector,
                    deadlines[i],
                    block.timestamp + 1,
                    block.timestamp + 365 days
                )
            );
            vm.prank(owner);
            validation.validationRequestWithBond(validator, agentId, "", REQUEST, uint32(deadlines[i]), 1);
        }
    }

    function test_bond__when_in_a_token_that_keeps_a_part__reverts() public {
        FeeOnTransferToken greedy = new FeeOnTransferToken();
        ValidationRegistry other = new ValidationRegistry(registry, IERC20(address(greedy)));
        greedy.mint(owner, 100e6);
        vm.startPrank(owner);
        greedy.approve(address(other), type(uint256).max);
        vm.expectPartialRevert(IValidationRegistry.ValidationRegistry_UnexpectedReceipt.selector);
        other.validationRequestWithBond(validator, agentId, "", REQUEST, uint32(block.timestamp + 100), 10e6);
        vm.stopPrank();
    }

    function _request(bytes32 requestHash) private {
        vm.prank(owner);
        validation.validationRequest(validator, agentId, "ipfs://q", requestHash);
    }

    function _requestWithBond(uint96 bond) private {
        vm.prank(owner);
        validation.validationRequestWithBond(
            validator, agentId, "ipfs://q", REQUEST, uint32(block.timestamp + 100), bond
        );
    }

    function _respond(bytes32 requestHash, uint8 response, string memory tag) private {
        vm.prank(validator);
        validation.validationResponse(requestHash, response, "ipfs://a", keccak256("a"), tag);
    }
}
