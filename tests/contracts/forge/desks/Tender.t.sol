// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TenderDesk} from "../../../../contracts/desks/TenderDesk.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IReputationRegistry} from "../../../../contracts/interfaces/IReputationRegistry.sol";
import {ITenderDesk} from "../../../../contracts/interfaces/ITenderDesk.sol";
import {ReputationRegistry} from "../../../../contracts/reputation/ReputationRegistry.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev Open requests and sealed bids (MK-03, E4, O5).
contract TenderTest is MarketTest {
    string private constant REQUEST = "ipfs://request";
    bytes32 private constant SERVICE = "inspect-image";
    bytes32 private constant SALT = "salt";
    uint96 private constant BOND = 1_000;
    uint256 private constant NO_AGENT = type(uint256).max;
    uint32 private constant WINDOW = 600;

    TenderDesk private _desk;
    ReputationRegistry private _reputation;
    address private _rival = address(0x41BA1);
    uint256 private _opened;

    function setUp() public override {
        super.setUp();
        _reputation = new ReputationRegistry(registry, escrow, address(oracle), address(token), 1, 1e12);
        _desk = new TenderDesk(escrow, registry, _reputation);
        _opened = block.timestamp;
        address[3] memory people = [client, provider, _rival];
        for (uint256 i = 0; i < people.length; ++i) {
            token.mint(people[i], 10 * uint256(BUDGET));
            vm.prank(people[i]);
            token.approve(address(_desk), type(uint256).max);
        }
    }

    /* ---------- opening ---------- */

    function test_openRequest__when_the_terms_are_fine__holds_no_money() public {
        uint256 before = token.balanceOf(client);
        uint256 requestId = _open();
        vm.assertEq(requestId, 1, "the first is 1");
        vm.assertEq(token.balanceOf(client), before, "R17: an open request holds no money");
        ITenderDesk.Request memory request = _desk.requestOf(requestId);
        vm.assertEq(request.client, client, "client");
        vm.assertEq(request.awardUntil, _opened + 3 * WINDOW, "windows follow each other");
    }

    function test_openRequest__when_terms_are_out_of_range__reverts() public {
        ITenderDesk.RequestTerms memory terms = _terms3();
        terms.policyId = 99;
        _assertRefused(terms, ITenderDesk.TenderDesk_RowNotOpen.selector);
        terms = _terms3();
        terms.maxPrice = 0;
        _assertRefused(terms, ITenderDesk.TenderDesk_PriceOutOfRange.selector);
        terms = _terms3();
        terms.bond = 0;
        _assertRefused(terms, ITenderDesk.TenderDesk_BondMismatch.selector);
        terms = _terms3();
        terms.revealSeconds = 59;
        _assertRefused(terms, ITenderDesk.TenderDesk_WindowOutOfRange.selector);
        terms = _terms3();
        terms.workSeconds = 0;
        _assertRefused(terms, ITenderDesk.TenderDesk_WindowOutOfRange.selector);
    }

    function test_openRequest__when_for_quotes_only__takes_no_bid() public {
        ITenderDesk.RequestTerms memory terms = _terms3();
        (terms.bond, terms.commitSeconds, terms.revealSeconds, terms.awardSeconds) = (0, 0, 0, 0);
        vm.prank(client);
        uint256 requestId = _desk.openRequest(terms);
        vm.expectRevert(abi.encodeWithSelector(ITenderDesk.TenderDesk_NotNow.selector, block.timestamp, 0, 0));
        vm.prank(provider);
        _desk.commitBid(requestId, bytes32("x"));
    }

    /* ---------- bidding ---------- */

    function test_commitBid__when_in_time__locks_the_bond_once() public {
        uint256 requestId = _open();
        _commit(requestId, provider, BUDGET, NO_AGENT);
        vm.assertEq(token.balanceOf(address(_desk)), BOND, "locked");
        vm.expectRevert(
            abi.encodeWithSelector(ITenderDesk.TenderDesk_AlreadyCommitted.selector, requestId, provider)
        );
        vm.prank(provider);
        _desk.commitBid(requestId, bytes32("again"));
    }

    function test_commitBid__when_late_or_by_the_client_or_empty__reverts() public {
        uint256 requestId = _open();
        vm.expectRevert(abi.encodeWithSelector(ITenderDesk.TenderDesk_OwnRequest.selector, requestId));
        vm.prank(client);
        _desk.commitBid(requestId, bytes32("x"));
        vm.expectRevert(ITenderDesk.TenderDesk_CommitmentIsZero.selector);
        vm.prank(provider);
        _desk.commitBid(requestId, 0);
        vm.warp(_opened + WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITenderDesk.TenderDesk_NotNow.selector, _opened + WINDOW, 0, _opened + WINDOW
            )
        );
        vm.prank(provider);
        _desk.commitBid(requestId, bytes32("x"));
    }

    function test_O5_revealBid__when_a_commitment_was_copied__reverts() public {
        uint256 requestId = _open();
        _commit(requestId, provider, BUDGET, NO_AGENT);
        bytes32 copied = _desk.commitmentOf(requestId, provider);
        vm.prank(_rival);
        _desk.commitBid(requestId, copied);
        vm.warp(_opened + WINDOW);
        _reveal(requestId, provider, BUDGET, NO_AGENT);
        vm.expectRevert(
            abi.encodeWithSelector(ITenderDesk.TenderDesk_CommitmentMismatch.selector, requestId, _rival)
        );
        _reveal(requestId, _rival, BUDGET, NO_AGENT);
    }

    function test_O5_revealBid__when_before_the_end_of_commits_or_after_its_own__reverts() public {
        uint256 requestId = _open();
        _commit(requestId, provider, BUDGET, NO_AGENT);
        uint256[2] memory wrong = [_opened + WINDOW - 1, _opened + 2 * WINDOW];
        for (uint256 i = 0; i < 2; ++i) {
            vm.warp(wrong[i]);
            vm.expectRevert(
                abi.encodeWithSelector(
                    ITenderDesk.TenderDesk_NotNow.selector, wrong[i], _opened + WINDOW, _opened + 2 * WINDOW
                )
            );
            _reveal(requestId, provider, BUDGET, NO_AGENT);
        }
    }

    function test_revealBid__when_other_than_committed__reverts() public {
        uint256 requestId = _open();
        _commit(requestId, provider, BUDGET, NO_AGENT);
        vm.warp(_opened + WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(ITenderDesk.TenderDesk_CommitmentMismatch.selector, requestId, provider)
        );
        _reveal(requestId, provider, BUDGET - 1, NO_AGENT);
    }

    function test_revealBid__when_above_the_highest_price__reverts() public {
        uint256 requestId = _open();
        _commit(requestId, provider, 2 * BUDGET + 1, NO_AGENT);
        vm.warp(_opened + WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITenderDesk.TenderDesk_PriceOutOfRange.selector, 2 * BUDGET + 1, 2 * BUDGET
            )
        );
        _reveal(requestId, provider, 2 * BUDGET + 1, NO_AGENT);
    }

    function test_revealBid__when_two_unknown_bidders__the_lower_price_leads_and_the_other_is_free() public {
        uint256 requestId = _twoBids(BUDGET, NO_AGENT, BUDGET - 1, NO_AGENT);
        vm.assertEq(_desk.requestOf(requestId).bestBidder, _rival, "lowest price");
        vm.assertEq(_desk.creditOf(address(token), provider), BOND, "overtaken: free");
        vm.assertEq(_desk.creditOf(address(token), _rival), 0, "the best one stays");
    }

    function test_revealBid__when_bids_are_equal__the_first_revealed_leads() public {
        uint256 requestId = _twoBids(BUDGET, NO_AGENT, BUDGET, NO_AGENT);
        vm.assertEq(_desk.requestOf(requestId).bestBidder, provider, "first");
        vm.assertEq(_desk.creditOf(address(token), _rival), BOND, "not best: free at once");
    }

    function test_revealBid__given_a_record_of_good_jobs__quality_beats_a_lower_price() public {
        uint256 agentId = _agentWithRecord(4);
        vm.assertEq(_desk.qualityOf(agentId, SERVICE), 10_000 * 4 / 8, "4 perfect jobs of 4 + 4");
        // 1.3 of the price at 3/4 of its weight is below the rival's.
        uint256 requestId = _twoBids(BUDGET + BUDGET * 3 / 10, agentId, BUDGET, NO_AGENT);
        vm.assertEq(_desk.requestOf(requestId).bestBidder, provider, "price * (20000 - quality)");
    }

    function test_revealBid__when_it_names_an_agent_of_others__gets_none_of_its_quality() public {
        uint256 agentId = _agentWithRecord(4);
        uint256 requestId = _open();
        _commit(requestId, _rival, BUDGET, agentId);
        vm.warp(_opened + WINDOW);
        vm.expectEmit(true, true, true, true, address(_desk));
        emit ITenderDesk.BidRevealed(requestId, _rival, NO_AGENT, BUDGET, 0, true);
        _reveal(requestId, _rival, BUDGET, agentId);
        vm.assertEq(_desk.requestOf(requestId).bestAgentId, NO_AGENT, "nor its name");
    }

    function test_revealBid__when_the_agent_does_not_exist__counts_without_quality() public {
        uint256 requestId = _open();
        _commit(requestId, provider, BUDGET, 12_345);
        vm.warp(_opened + WINDOW);
        _reveal(requestId, provider, BUDGET, 12_345);
        vm.assertEq(_desk.requestOf(requestId).bestBidder, provider, "a bid all the same");
    }

    /* ---------- the end ---------- */

    function test_award__when_the_client_calls__hires_the_best_and_frees_its_bond() public {
        uint256 requestId = _twoBids(BUDGET, NO_AGENT, BUDGET - 1, NO_AGENT);
        vm.warp(_opened + 2 * WINDOW);
        vm.prank(client);
        uint256 jobId = _desk.award(requestId, REQUEST);
        IJobEscrow.JobView memory job = escrow.jobOf(jobId);
        vm.assertEq(job.client, client, "client");
        vm.assertEq(job.provider, _rival, "provider");
        vm.assertEq(job.budget, BUDGET - 1, "its price");
        vm.assertEq(_desk.creditOf(address(token), _rival), BOND, "bond");
        vm.assertEq(token.balanceOf(address(_desk)), 2 * BOND, "E1: bonds only");
        vm.expectRevert(abi.encodeWithSelector(ITenderDesk.TenderDesk_AlreadyAwarded.selector, requestId));
        vm.prank(client);
        _desk.award(requestId, REQUEST);
    }

    function test_award__when_early_late_foreign_or_with_another_text__reverts() public {
        uint256 requestId = _twoBids(BUDGET, NO_AGENT, BUDGET - 1, NO_AGENT);
        _assertAwardFails(client, requestId, REQUEST);
        vm.warp(_opened + 2 * WINDOW);
        _assertAwardFails(stranger, requestId, REQUEST);
        _assertAwardFails(client, requestId, "ipfs://other");
        vm.warp(_opened + 3 * WINDOW);
        _assertAwardFails(client, requestId, REQUEST);
    }

    function test_award__given_nobody_revealed__reverts() public {
        uint256 requestId = _open();
        vm.warp(_opened + 2 * WINDOW);
        vm.expectRevert(abi.encodeWithSelector(ITenderDesk.TenderDesk_NoBid.selector, requestId));
        vm.prank(client);
        _desk.award(requestId, REQUEST);
    }

    function test_E4_releaseBest__given_the_client_is_silent__frees_the_bond_once() public {
        uint256 requestId = _twoBids(BUDGET, NO_AGENT, BUDGET - 1, NO_AGENT);
        vm.warp(_opened + 3 * WINDOW);
        vm.prank(stranger);
        _desk.releaseBest(requestId);
        vm.assertEq(_desk.creditOf(address(token), _rival), BOND, "free");
        vm.expectRevert(abi.encodeWithSelector(ITenderDesk.TenderDesk_NoBid.selector, requestId));
        _desk.releaseBest(requestId);
    }

    function test_releaseBest__given_it_was_awarded__reverts() public {
        uint256 requestId = _twoBids(BUDGET, NO_AGENT, BUDGET - 1, NO_AGENT);
        vm.warp(_opened + 2 * WINDOW);
        vm.prank(client);
        _desk.award(requestId, REQUEST);
        vm.warp(_opened + 3 * WINDOW);
        vm.expectRevert(abi.encodeWithSelector(ITenderDesk.TenderDesk_AlreadyAwarded.selector, requestId));
        _desk.releaseBest(requestId);
    }

    function test_O5_forfeitBond__given_no_reveal__gives_the_bond_to_the_client_once() public {
        uint256 requestId = _open();
        _commit(requestId, provider, BUDGET, NO_AGENT);
        vm.warp(_opened + 2 * WINDOW);
        _desk.forfeitBond(requestId, provider);
        vm.assertEq(_desk.creditOf(address(token), client), BOND, "no reveal loses the bond");
        vm.expectRevert(
            abi.encodeWithSelector(ITenderDesk.TenderDesk_NoCommitment.selector, requestId, provider)
        );
        _desk.forfeitBond(requestId, provider);
        uint256 before = token.balanceOf(client);
        _desk.withdrawFor(address(token), client);
        vm.assertEq(token.balanceOf(client) - before, BOND, "paid out");
        vm.assertEq(token.balanceOf(address(_desk)), 0, "E1: nothing remains");
    }

    function test_forfeitBond__when_the_reveal_is_not_over__reverts() public {
        uint256 requestId = _open();
        _commit(requestId, provider, BUDGET, NO_AGENT);
        vm.warp(_opened + 2 * WINDOW - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITenderDesk.TenderDesk_NotNow.selector,
                _opened + 2 * WINDOW - 1,
                _opened + 2 * WINDOW,
                type(uint256).max
            )
        );
        _desk.forfeitBond(requestId, provider);
    }

    /* ---------- helpers ---------- */

    function _terms3() private view returns (ITenderDesk.RequestTerms memory) {
        return ITenderDesk.RequestTerms({
            policyId: policyId,
            maxPrice: 2 * BUDGET,
            bond: BOND,
            commitSeconds: WINDOW,
            revealSeconds: WINDOW,
            awardSeconds: WINDOW,
            workSeconds: WORK_SECONDS,
            serviceType: SERVICE,
            description: REQUEST
        });
    }

    function _open() private returns (uint256) {
        _opened = block.timestamp;
        vm.prank(client);
        return _desk.openRequest(_terms3());
    }

    function _commit(uint256 requestId, address bidder, uint96 price, uint256 agentId) private {
        bytes32 commitment = _desk.bidCommitment(requestId, bidder, price, agentId, SALT);
        vm.prank(bidder);
        _desk.commitBid(requestId, commitment);
    }

    function _reveal(uint256 requestId, address bidder, uint96 price, uint256 agentId) private {
        vm.prank(bidder);
        _desk.revealBid(requestId, price, agentId, SALT);
    }

    function _twoBids(
        uint96 price,
        uint256 agentId,
        uint96 rivalPrice,
        uint256 rivalAgentId
    ) private returns (uint256 requestId) {
        requestId = _open();
        _commit(requestId, provider, price, agentId);
        _commit(requestId, _rival, rivalPrice, rivalAgentId);
        vm.warp(_opened + WINDOW);
        _reveal(requestId, provider, price, agentId);
        _reveal(requestId, _rival, rivalPrice, rivalAgentId);
    }

    /// @dev The provider's agent with as many paid jobs, each rated 100.
    function _agentWithRecord(uint256 jobs) private returns (uint256 agentId) {
        vm.prank(provider);
        agentId = registry.register("");
        for (uint256 i = 0; i < jobs; ++i) {
            uint256 jobId = _hireAndSubmit();
            vm.startPrank(client);
            escrow.accept(jobId);
            _reputation.giveJobFeedback(
                IReputationRegistry.JobFeedback({
                    jobId: jobId,
                    agentId: agentId,
                    score: 100,
                    serviceType: "inspect-image",
                    endpoint: "",
                    feedbackURI: "",
                    feedbackHash: 0
                })
            );
            vm.stopPrank();
        }
    }

    function _assertRefused(ITenderDesk.RequestTerms memory terms, bytes4 selector) private {
        (bool success, bytes memory answer) = address(_desk).call(abi.encodeCall(_desk.openRequest, (terms)));
        vm.assertFalse(success, "refused");
        vm.assertEq(bytes32(bytes4(answer)), bytes32(selector), "reason");
    }

    function _assertAwardFails(address caller, uint256 requestId, string memory text) private {
        vm.prank(caller);
        (bool success,) = address(_desk).call(abi.encodeCall(_desk.award, (requestId, text)));
        vm.assertFalse(success, "refused");
    }
}
