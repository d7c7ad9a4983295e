// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPaymentChannels} from "../../../../contracts/interfaces/IPaymentChannels.sol";
import {ISignedOrders} from "../../../../contracts/interfaces/ISignedOrders.sol";
import {PaymentsTest} from "./PaymentsTest.sol";

/// @title Three payers, a payee and strangers do everything they can, in any order
contract PaymentsHandler is PaymentsTest {
    uint256[3] public largestVoucher;
    uint256 public withdrawn;
    uint256 public calls;
    bool public didClaimedFall;

    function begin() external {
        setUp();
    }

    function open(uint256 seed) external counted {
        try this.doOpen(seed % 3) {} catch {}
    }

    function topUp(uint256 seed, uint96 amount) external counted {
        uint256 i = seed % 3;
        vm.prank(_payer((seed >> 8) % 3));
        try market.topUp(_terms(i), amount % 1_000e6) {} catch {}
    }

    function claim(uint256 seed, uint96 cumulative) external counted {
        uint256 i = seed % 3;
        uint96 sum = cumulative % (DEPOSIT * 3);
        bytes memory signature = _voucher(i, sum);
        uint256 before = _claimed(i);
        try market.claim(_terms(i), sum, signature) {
            if (sum > largestVoucher[i]) largestVoucher[i] = sum;
        } catch {}
        didClaimedFall = didClaimedFall || _claimed(i) < before;
    }

    function claimBatch(uint96[3] memory sums) external counted {
        IPaymentChannels.VoucherRow[] memory rows = new IPaymentChannels.VoucherRow[](3);
        for (uint256 i = 0; i < 3; ++i) {
            rows[i] = _row(i, sums[i] % (DEPOSIT * 3));
        }
        market.claimBatch(payee, address(token), rows);
        for (uint256 i = 0; i < 3; ++i) {
            if (_claimed(i) > largestVoucher[i]) largestVoucher[i] = rows[i].cumulative;
        }
    }

    function startClose(uint256 seed) external counted {
        vm.prank(_payer(seed % 3));
        try market.startClose(_terms(seed % 3)) {} catch {}
    }

    function finishClose(uint256 seed) external counted {
        try market.finishClose(_terms(seed % 3)) {} catch {}
    }

    function release(uint256 seed) external counted {
        vm.prank(payee);
        try market.release(_terms(seed % 3)) {} catch {}
    }

    function fillPurse(uint256 seed, uint96 amount) external counted {
        vm.prank(_payer((seed >> 8) % 3));
        try market.fillPurse(address(token), _payer(seed % 3), amount % 100e6) {} catch {}
    }

    function settleOrders(uint256 seed, uint96 amount) external counted {
        ISignedOrders.OrderRow[] memory rows = new ISignedOrders.OrderRow[](3);
        for (uint256 i = 0; i < 3; ++i) {
            uint256 who = (seed >> (8 * i)) % 3;
            rows[i] =
                _orderRow(_order(who, amount % 60e6, uint64((seed >> (8 * i + 4)) % 600)), PAYER_KEY + who);
        }
        market.settleOrders(payee, address(token), rows);
    }

    function leavePurse(uint256 seed, uint96 amount) external counted {
        vm.startPrank(_payer(seed % 3));
        try market.announceLeaving(address(token), amount % 100e6) {} catch {}
        vm.stopPrank();
    }

    function emptyPurse(uint256 seed) external counted {
        vm.prank(_payer(seed % 3));
        try market.emptyPurse(address(token)) {} catch {}
    }

    function withdraw(uint256 seed) external counted {
        address account = seed % 4 == 3 ? payee : _payer(seed % 4);
        uint256 credit = _credit(account);
        try market.withdrawFor(address(token), account) {
            withdrawn += credit;
        } catch {}
    }

    function pass(uint256 seconds_) external counted {
        vm.warp(block.timestamp + seconds_ % 2 days);
    }

    function doOpen(uint256 i) external {
        _open(i);
    }

    function owed() external view returns (uint256 sum) {
        sum = _credit(payee);
        for (uint256 i = 0; i < 3; ++i) {
            IPaymentChannels.ChannelState memory state = market.channelOf(market.channelIdOf(_terms(i)));
            sum += state.deposit - state.claimed + _purse(i) + _credit(_payer(i));
        }
    }

    function held() external view returns (uint256) {
        return token.balanceOf(address(market));
    }

    function claimedOf(uint256 i) external view returns (uint256) {
        return _claimed(i);
    }

    function _claimed(uint256 i) private view returns (uint256) {
        return market.channelOf(market.channelIdOf(_terms(i))).claimed;
    }

    modifier counted() {
        ++calls;
        _;
    }
}

/// @title What holds after every step
contract PaymentsInvariantTest {
    PaymentsHandler private handler;
    address[] private _targets;

    function setUp() public {
        handler = new PaymentsHandler();
        handler.begin();
        _targets.push(address(handler));
    }

    function targetContracts() external view returns (address[] memory) {
        return _targets;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory selectors) {
        bytes4[] memory verbs = new bytes4[](13);
        verbs[0] = handler.open.selector;
        verbs[1] = handler.topUp.selector;
        verbs[2] = handler.claim.selector;
        verbs[3] = handler.claimBatch.selector;
        verbs[4] = handler.startClose.selector;
        verbs[5] = handler.finishClose.selector;
        verbs[6] = handler.release.selector;
        verbs[7] = handler.fillPurse.selector;
        verbs[8] = handler.settleOrders.selector;
        verbs[9] = handler.leavePurse.selector;
        verbs[10] = handler.emptyPurse.selector;
        verbs[11] = handler.withdraw.selector;
        verbs[12] = handler.pass.selector;
        selectors = new FuzzSelector[](1);
        selectors[0] = FuzzSelector(address(handler), verbs);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev E1 for channels and purses, without donations.
    function invariant_E1_payments__hold_exactly_what_they_owe() public view {
        require(handler.held() == handler.owed(), "INV-CHN-01: held equals deposits, purses and credits");
    }

    function invariant_C1_claimed__never_falls_and_is_a_voucher() public view {
        require(!handler.didClaimedFall(), "INV-CHN-02: claimed never falls");
        for (uint256 i = 0; i < 3; ++i) {
            require(
                handler.claimedOf(i) <= handler.largestVoucher(i), "INV-CHN-03: at most the largest voucher"
            );
        }
    }
}
