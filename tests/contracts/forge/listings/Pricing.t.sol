// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ListingDesk} from "../../../../contracts/desks/ListingDesk.sol";
import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {IListingDesk} from "../../../../contracts/interfaces/IListingDesk.sol";
import {IReputationRegistry} from "../../../../contracts/interfaces/IReputationRegistry.sol";
import {IServiceListings} from "../../../../contracts/interfaces/IServiceListings.sol";
import {ServiceListings} from "../../../../contracts/market/ServiceListings.sol";
import {ReputationRegistry} from "../../../../contracts/reputation/ReputationRegistry.sol";
import {MarketTest} from "../MarketTest.sol";

/// @dev Price models, batches, and hiring at the listed price (MK-02, MK-03, MK-06).
contract PricingTest is MarketTest {
    uint96 private constant PRICE = 1_000;

    ListingDesk private _desk;
    ReputationRegistry private _reputation;
    uint256 private _agentId;
    uint256 private _listingId;

    function setUp() public override {
        super.setUp();
        _reputation = new ReputationRegistry(registry, escrow, address(oracle), address(token), 1, 1e12);
        listings = new ServiceListings(registry, escrow, _reputation);
        _desk = new ListingDesk(escrow, listings, registry);
        vm.prank(stranger);
        _agentId = registry.register("");
        _agentId = _registerFor(provider);
        _listingId = _list();
        vm.prank(client);
        token.approve(address(_desk), type(uint256).max);
    }

    /* ---------- models ---------- */

    function test_setPricing__when_the_owner_sets_a_model__reads_back_whole() public {
        vm.expectEmit(true, true, true, true, address(listings));
        emit IServiceListings.PricingSet(_listingId, IServiceListings.PriceModel.Dynamic, 500, 2_000, 7);
        _setPricing(IServiceListings.PriceModel.Dynamic, 500, 2_000, 7);
        IServiceListings.Pricing memory pricing = listings.pricingOf(_listingId);
        vm.assertTrue(pricing.model == IServiceListings.PriceModel.Dynamic, "model");
        vm.assertEq(pricing.floor, 500, "floor");
        vm.assertEq(pricing.ceiling, 2_000, "ceiling");
        vm.assertEq(pricing.bond, 7, "bond");
        vm.assertEq(listings.listingOf(_listingId).workSeconds, WORK_SECONDS, "the rest stays");
    }

    function test_setPricing__when_bounds_make_no_sense__reverts() public {
        _assertPricingRefused(IServiceListings.PriceModel.Dynamic, 0, 2_000);
        _assertPricingRefused(IServiceListings.PriceModel.Dynamic, 2_000, 500);
        _assertPricingRefused(IServiceListings.PriceModel.Dynamic, PRICE + 1, 2_000);
        _assertPricingRefused(IServiceListings.PriceModel.Dynamic, 1, PRICE - 1);
        _assertPricingRefused(IServiceListings.PriceModel.Fixed, 1, 0);
        _assertPricingRefused(IServiceListings.PriceModel.PerUnit, 0, 1);
    }

    function test_setPricing__when_by_a_stranger_or_closed__reverts() public {
        IServiceListings.Pricing memory pricing;
        vm.expectRevert(
            abi.encodeWithSelector(
                IServiceListings.ServiceListings_NotAgentsOwner.selector, stranger, _agentId
            )
        );
        vm.prank(stranger);
        listings.setPricing(_listingId, pricing);
        vm.startPrank(provider);
        listings.closeListing(_listingId);
        vm.expectRevert(
            abi.encodeWithSelector(IServiceListings.ServiceListings_ListingIsClosed.selector, _listingId)
        );
        listings.setPricing(_listingId, pricing);
        vm.stopPrank();
    }

    function testFuzz_reprice__given_a_dynamic_price__never_leaves_the_owners_bounds(uint96 price) public {
        _setPricing(IServiceListings.PriceModel.Dynamic, 500, 2_000, 0);
        vm.prank(provider);
        (bool success,) = address(listings).call(abi.encodeCall(listings.reprice, (_listingId, price)));
        vm.assertTrue(success == (price >= 500 && price <= 2_000), "MK-06: within the bounds and only there");
        uint96 now_ = listings.listingOf(_listingId).price;
        vm.assertTrue(now_ >= 500 && now_ <= 2_000, "MK-06: bounds");
        vm.prank(provider);
        (success,) = address(listings).call(abi.encodeCall(listings.updateListing, (_listingId, price, true)));
        vm.assertTrue(success == (price >= 500 && price <= 2_000), "updating is bound as well");
    }

    function test_reprice__when_not_the_agents_wallet_or_not_dynamic__reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IServiceListings.ServiceListings_NotDynamic.selector, _listingId)
        );
        vm.prank(provider);
        listings.reprice(_listingId, PRICE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IServiceListings.ServiceListings_NotAgentsWallet.selector, stranger, _agentId
            )
        );
        vm.prank(stranger);
        listings.reprice(_listingId, PRICE);
    }

    function test_reprice__given_it_is_closed__reverts() public {
        _setPricing(IServiceListings.PriceModel.Dynamic, 500, 2_000, 0);
        vm.startPrank(provider);
        listings.closeListing(_listingId);
        vm.expectRevert(
            abi.encodeWithSelector(IServiceListings.ServiceListings_ListingIsClosed.selector, _listingId)
        );
        listings.reprice(_listingId, PRICE);
        vm.stopPrank();
    }

    function test_updateListings__when_all_are_the_callers__changes_them_all() public {
        uint256 second = _list();
        IServiceListings.ListingUpdate[] memory updates = new IServiceListings.ListingUpdate[](2);
        updates[0] = IServiceListings.ListingUpdate(_listingId, 5, false);
        updates[1] = IServiceListings.ListingUpdate(second, 6, true);
        vm.prank(provider);
        listings.updateListings(updates);
        vm.assertEq(listings.listingOf(_listingId).price, 5, "first");
        vm.assertFalse(listings.listingOf(_listingId).isAvailable, "first");
        vm.assertEq(listings.listingOf(second).price, 6, "second");
        updates[1].price = 0;
        updates[0].price = 9;
        vm.expectRevert(IServiceListings.ServiceListings_PriceIsZero.selector);
        vm.prank(provider);
        listings.updateListings(updates);
        vm.assertEq(listings.listingOf(_listingId).price, 5, "all or none");
    }

    function test_agentInfo__given_job_feedback__shows_the_mean_score() public {
        (,, uint256 before,) = listings.agentInfo(_agentId);
        vm.assertEq(before, 0, "none yet");
        uint256 jobId = _hireAndSubmit();
        vm.startPrank(client);
        escrow.accept(jobId);
        _reputation.giveJobFeedback(
            IReputationRegistry.JobFeedback(jobId, _agentId, 87, "inspect-image", "", "", 0)
        );
        vm.stopPrank();
        (,, uint256 reputation,) = listings.agentInfo(_agentId);
        vm.assertEq(reputation, 8_700, "MK-01: hundredths");
    }

    /* ---------- hiring at the listed price ---------- */

    function test_listingHire__when_fixed__hires_the_agents_wallet_at_the_price() public {
        vm.prank(client);
        uint256 jobId = _desk.hire(_listingId, 1, PRICE, "ipfs://request");
        IJobEscrow.JobView memory job = escrow.jobOf(jobId);
        vm.assertEq(job.client, client, "client");
        vm.assertEq(job.provider, provider, "provider");
        vm.assertEq(job.budget, PRICE, "price");
        vm.assertEq(job.workBy, block.timestamp + WORK_SECONDS, "time");
    }

    function test_listingHire__when_per_unit__multiplies_without_overflow() public {
        _setPricing(IServiceListings.PriceModel.PerUnit, 0, 0, 0);
        vm.prank(client);
        uint256 jobId = _desk.hire(_listingId, 12, 12 * PRICE, "");
        vm.assertEq(escrow.jobOf(jobId).budget, 12 * PRICE, "units");
        vm.prank(provider);
        listings.updateListing(_listingId, type(uint96).max, true);
        vm.expectRevert(
            abi.encodeWithSelector(
                IListingDesk.ListingDesk_PriceTooHigh.selector,
                uint256(type(uint96).max) * type(uint64).max,
                type(uint96).max
            )
        );
        vm.prank(client);
        _desk.hire(_listingId, type(uint64).max, type(uint96).max, "");
    }

    function test_listingHire__when_the_price_moved_above_the_limit__reverts() public {
        _setPricing(IServiceListings.PriceModel.Dynamic, 500, 2_000, 0);
        vm.prank(provider);
        listings.reprice(_listingId, PRICE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IListingDesk.ListingDesk_PriceTooHigh.selector, PRICE + 1, PRICE)
        );
        vm.prank(client);
        _desk.hire(_listingId, 1, PRICE, "");
    }

    function test_listingHire__given_it_is_paused_or_closed__reverts() public {
        vm.prank(provider);
        listings.updateListing(_listingId, PRICE, false);
        vm.expectRevert(abi.encodeWithSelector(IListingDesk.ListingDesk_NotOpen.selector, _listingId));
        vm.prank(client);
        _desk.hire(_listingId, 1, PRICE, "");
    }

    function test_listingHire__given_bids_or_quotes_decide__reverts() public {
        for (uint8 i = 3; i < 5; ++i) {
            IServiceListings.PriceModel model = IServiceListings.PriceModel(i);
            _setPricing(model, 0, 0, 0);
            vm.expectRevert(
                abi.encodeWithSelector(IListingDesk.ListingDesk_NoListedPrice.selector, _listingId, model)
            );
            vm.prank(client);
            _desk.hire(_listingId, 1, PRICE, "");
        }
    }

    function test_listingHire__when_units_make_no_sense__reverts() public {
        for (uint64 units = 0; units < 3; units += 2) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IListingDesk.ListingDesk_UnitsMakeNoSense.selector,
                    units,
                    IServiceListings.PriceModel.Fixed
                )
            );
            _desk.priceOf(_listingId, units);
        }
    }

    /* ---------- helpers ---------- */

    function _registerFor(address account) private returns (uint256) {
        vm.prank(account);
        return registry.register("");
    }

    function _list() private returns (uint256) {
        vm.prank(provider);
        return listings.createListing(
            IServiceListings.ListingTerms({
                agentId: _agentId,
                serviceType: "inspect-image",
                price: PRICE,
                policyId: policyId,
                workSeconds: WORK_SECONDS,
                criteriaHash: 0,
                uri: ""
            })
        );
    }

    function _setPricing(
        IServiceListings.PriceModel model,
        uint96 floor,
        uint96 ceiling,
        uint96 bond
    ) private {
        vm.prank(provider);
        listings.setPricing(_listingId, IServiceListings.Pricing(model, floor, ceiling, bond));
    }

    function _assertPricingRefused(IServiceListings.PriceModel model, uint96 floor, uint96 ceiling) private {
        vm.prank(provider);
        (bool success,) = address(listings)
            .call(
                abi.encodeCall(
                    listings.setPricing, (_listingId, IServiceListings.Pricing(model, floor, ceiling, 0))
                )
            );
        vm.assertFalse(success, "refused");
    }
}
