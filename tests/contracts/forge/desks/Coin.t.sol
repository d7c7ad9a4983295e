// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CoinDesk} from "../../../../contracts/desks/CoinDesk.sol";
import {IERC8183} from "../../../../contracts/interfaces/IERC8183.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {WrappedCoin} from "../../../../contracts/mocks/WrappedCoin.sol";
import {MarketTest} from "../MarketTest.sol";
import {VmMore} from "../support/VmMore.sol";

/// @dev The chain's coin, wrapped on entry (MK-10, R11, U2).
contract CoinTest is MarketTest {
    CoinDesk private _desk;
    WrappedCoin private _coin;
    uint32 private _rowId;

    function setUp() public override {
        super.setUp();
        _coin = new WrappedCoin();
        _desk = new CoinDesk(escrow, _coin);
        vm.prank(owner);
        escrow.allowToken(address(_coin));
        _rowId = escrow.registerPolicy(_policy(address(oracle), address(_coin)));
        VmMore(address(vm)).deal(client, 10 ether);
    }

    function test_coinHire__when_the_value_is_the_budget__wraps_it_into_a_job_of_the_caller() public {
        uint256 jobId = _make(1 ether);
        IJobEscrow.JobView memory job = escrow.jobOf(jobId);
        vm.assertEq(job.client, client, "client");
        vm.assertEq(job.token, address(_coin), "token");
        vm.assertEq(_coin.balanceOf(address(escrow)), 1 ether, "the escrow holds it");
        vm.assertEq(address(_desk).balance + _coin.balanceOf(address(_desk)), 0, "the desk keeps nothing");
    }

    function test_coinHire__when_the_job_ends__pays_the_token_that_its_owner_unwraps() public {
        uint256 jobId = _make(1 ether);
        _submit(jobId);
        vm.prank(client);
        escrow.accept(jobId);
        uint256 paid = _coin.balanceOf(provider);
        vm.assertEq(paid, 0.95 ether, "less the fee");
        vm.prank(provider);
        _coin.withdraw(paid);
        vm.assertEq(provider.balance, paid, "coins again");
    }

    function test_coinHire__when_the_value_differs_or_the_row_is_in_another_token__reverts() public {
        vm.expectRevert(abi.encodeWithSelector(CoinDesk.CoinDesk_ValueMismatch.selector, 1, 1 ether));
        vm.prank(client);
        _desk.hire{value: 1}(_coinTerms(1 ether));
        vm.expectRevert(
            abi.encodeWithSelector(CoinDesk.CoinDesk_NotCoinRow.selector, policyId, address(token))
        );
        vm.prank(client);
        _desk.hire{value: BUDGET}(_terms());
    }

    function test_U2_coin__when_sent_without_a_call__is_refused() public {
        vm.prank(client);
        (bool success,) = address(_desk).call{value: 1}("");
        vm.assertFalse(success, "the desk takes coins in one way only");
        vm.prank(client);
        (success,) = address(escrow).call{value: 1}("");
        vm.assertFalse(success, "the escrow takes none");
    }

    function test_wrappedCoin__when_wrapped_and_unwrapped__holds_a_coin_for_every_unit() public {
        vm.startPrank(client);
        _coin.deposit{value: 3}();
        (bool success,) = address(_coin).call{value: 4}("");
        vm.assertTrue(success, "plain coins are wrapped too");
        _coin.withdraw(2);
        vm.stopPrank();
        vm.assertEq(_coin.balanceOf(client), 5, "units");
        vm.assertEq(address(_coin).balance, _coin.totalSupply(), "E1: backed one to one");
    }

    function _coinTerms(uint96 budget) private view returns (IJobEscrow.HireTerms memory terms) {
        terms = _terms();
        terms.policyId = _rowId;
        terms.budget = budget;
    }

    function _make(uint96 budget) private returns (uint256) {
        vm.prank(client);
        return _desk.hire{value: budget}(_coinTerms(budget));
    }
}
