// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {IERC8004Reputation} from "../interfaces/IERC8004Reputation.sol";
import {IReputationRegistry} from "../interfaces/IReputationRegistry.sol";
import {TagBook, Tags} from "../libraries/TagBook.sol";
import {Feedback, FeedbackEntry, FeedbackEntryLib} from "../types/FeedbackEntry.sol";

/// @title The list of feedback that ERC-8004 asks for
/// @dev Promises and assumptions are in {IReputationRegistry}. Tags are interned, so that an entry takes one slot; the
/// list of clients is written once a client. {_onRevoked} lets the weighed part follow a revocation.
abstract contract FeedbackBook is IReputationRegistry {
    using TagBook for Tags;

    /* ---------- types ---------- */

    /// @dev What one client did for one agent, one slot.
    struct ClientRecord {
        uint64 lastIndex;
        /// @dev Fees of its completed jobs net to the treasury, weight units.
        uint128 feeTotal;
    }

    /// @dev What an entry must look like to be told.
    struct Filter {
        uint256 tag1Id;
        uint256 tag2Id;
        bool hasTag1;
        bool hasTag2;
        bool isImpossible;
        bool includesRevoked;
    }

    /// @dev What {getSummary} gathers.
    struct Sum {
        uint64 count;
        /// @dev Sum of values in units of 10^-18.
        int256 wad;
        uint64[19] decimalCounts;
    }

    /// @dev Columns of {readAllFeedback}.
    struct FeedbackList {
        address[] clients;
        uint64[] feedbackIndexes;
        int128[] values;
        uint8[] valueDecimals;
        string[] tag1s;
        string[] tag2s;
        bool[] revokedStatuses;
    }

    /* ---------- constants and immutables ---------- */

    uint8 public constant MAX_DECIMALS = 18;
    int128 public constant MAX_VALUE = 1e38;

    IERC8004Identity public immutable AGENT_REGISTRY;

    /* ---------- storage ---------- */

    Tags internal _tags;
    mapping(uint256 agentId => address[]) private _clients;
    mapping(uint256 agentId => mapping(address client => ClientRecord)) internal _records;
    mapping(uint256 agentId => mapping(address client => mapping(uint64 index => FeedbackEntry))) private
        _entries;
    mapping(bytes32 entryKey => uint64) private _responseCounts;
    mapping(bytes32 entryKey => mapping(address responder => uint64)) private _responseCountsOf;

    /* ---------- constructor ---------- */

    constructor(IERC8004Identity agentRegistry) {
        if (address(agentRegistry) == address(0)) revert ReputationRegistry_AddressIsZero("agentRegistry");
        AGENT_REGISTRY = agentRegistry;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IERC8004Reputation
    function getVersion() external pure returns (string memory) {
        return "2.0.0";
    }

    /// @inheritdoc IERC8004Reputation
    function getIdentityRegistry() external view returns (address) {
        return address(AGENT_REGISTRY);
    }

    /// @inheritdoc IERC8004Reputation
    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64) {
        return _records[agentId][clientAddress].lastIndex;
    }

    /// @inheritdoc IERC8004Reputation
    function getClients(uint256 agentId) external view returns (address[] memory) {
        return _clients[agentId];
    }

    /// @inheritdoc IReputationRegistry
    function clientCount(uint256 agentId) external view returns (uint256) {
        return _clients[agentId].length;
    }

    /// @inheritdoc IReputationRegistry
    function clientsPage(
        uint256 agentId,
        uint256 offset,
        uint256 limit
    ) external view returns (address[] memory page) {
        address[] storage clients = _clients[agentId];
        uint256 left = offset < clients.length ? clients.length - offset : 0;
        page = new address[](left < limit ? left : limit);
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = clients[offset + i];
        }
    }

    /// @inheritdoc IERC8004Reputation
    function readFeedback(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex
    )
        external
        view
        returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked)
    {
        _requireIndex(agentId, clientAddress, feedbackIndex);
        Feedback memory entry = _entries[agentId][clientAddress][feedbackIndex].unpack();
        return (
            entry.value,
            entry.valueDecimals,
            _tags.textOf(entry.tag1Id),
            _tags.textOf(entry.tag2Id),
            entry.isRevoked
        );
    }

    /// @inheritdoc IERC8004Reputation
    function getSummary(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals) {
        if (clientAddresses.length == 0) revert ReputationRegistry_ClientsRequired();
        Filter memory filter = _filter(tag1, tag2, false);
        Sum memory sum;
        for (uint256 i = 0; i < clientAddresses.length; ++i) {
            _addClient(sum, agentId, clientAddresses[i], filter);
        }
        if (sum.count == 0) return (0, 0, 0);
        summaryValueDecimals = _mode(sum.decimalCounts);
        int256 unit = int256(10 ** (MAX_DECIMALS - summaryValueDecimals));
        // forge-lint: disable-next-line(unsafe-typecast) the mean of values is no larger than the largest of them
        summaryValue = int128(sum.wad / int256(uint256(sum.count)) / unit);
        count = sum.count;
    }

    /// @inheritdoc IERC8004Reputation
    function readAllFeedback(
        uint256 agentId,
        address[] memory clientAddresses,
        string memory tag1,
        string memory tag2,
        bool includeRevoked
    )
        public
        view
        returns (
            address[] memory,
            uint64[] memory,
            int128[] memory,
            uint8[] memory,
            string[] memory,
            string[] memory,
            bool[] memory
        )
    {
        if (clientAddresses.length == 0) clientAddresses = _clients[agentId];
        FeedbackList memory list = _list(agentId, clientAddresses, _filter(tag1, tag2, includeRevoked));
        return (
            list.clients,
            list.feedbackIndexes,
            list.values,
            list.valueDecimals,
            list.tag1s,
            list.tag2s,
            list.revokedStatuses
        );
    }

    /// @inheritdoc IERC8004Reputation
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] calldata responders
    ) external view returns (uint64 count) {
        if (clientAddress != address(0) && feedbackIndex != 0) {
            return _responsesTo(agentId, clientAddress, feedbackIndex, responders);
        }
        address[] memory asked = _clients[agentId];
        if (clientAddress != address(0)) {
            asked = new address[](1);
            asked[0] = clientAddress;
        }
        for (uint256 i = 0; i < asked.length; ++i) {
            uint64 lastIndex = _records[agentId][asked[i]].lastIndex;
            for (uint64 index = 1; index <= lastIndex; ++index) {
                count += _responsesTo(agentId, asked[i], index, responders);
            }
        }
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IERC8004Reputation
    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string memory tag1,
        string memory tag2,
        string memory endpoint,
        string memory feedbackURI,
        bytes32 feedbackHash
    ) public {
        // Check
        if (valueDecimals > MAX_DECIMALS) {
            revert ReputationRegistry_TooManyDecimals(valueDecimals, MAX_DECIMALS);
        }
        if (value > MAX_VALUE || value < -MAX_VALUE) {
            revert ReputationRegistry_ValueOutOfRange(value, MAX_VALUE);
        }
        _requireNotOwn(agentId);
        // Effect
        Feedback memory entry;
        entry.value = value;
        entry.valueDecimals = valueDecimals;
        entry.tag1Id = _tagId(tag1);
        entry.tag2Id = _tagId(tag2);
        uint64 index = _append(agentId, entry, 0);
        // Event
        emit NewFeedback(
            agentId,
            msg.sender,
            index,
            value,
            valueDecimals,
            tag1,
            tag1,
            tag2,
            endpoint,
            feedbackURI,
            feedbackHash
        );
    }

    /// @inheritdoc IERC8004Reputation
    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external {
        // Check
        _requireIndex(agentId, msg.sender, feedbackIndex);
        FeedbackEntry stored = _entries[agentId][msg.sender][feedbackIndex];
        Feedback memory entry = stored.unpack();
        if (entry.isRevoked) revert ReputationRegistry_AlreadyRevoked(feedbackIndex);
        // Effect
        _entries[agentId][msg.sender][feedbackIndex] = stored.revoked();
        if (entry.isJobBacked) _onRevoked(agentId, entry);
        // Event
        emit FeedbackRevoked(agentId, msg.sender, feedbackIndex);
    }

    /// @inheritdoc IERC8004Reputation
    function appendResponse(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        string calldata responseURI,
        bytes32 responseHash
    ) external {
        // Check
        _requireIndex(agentId, clientAddress, feedbackIndex);
        if (bytes(responseURI).length == 0) revert ReputationRegistry_ResponseUriIsEmpty();
        // Effect
        bytes32 key = _entryKey(agentId, clientAddress, feedbackIndex);
        ++_responseCounts[key];
        ++_responseCountsOf[key][msg.sender];
        // Event
        emit ResponseAppended(agentId, clientAddress, feedbackIndex, msg.sender, responseURI, responseHash);
    }

    /* ---------- internal ---------- */

    /// @dev Takes the weight of a revoked job feedback out of the sums.
    function _onRevoked(uint256 agentId, Feedback memory entry) internal virtual;

    /// @param feeUnits Added to the client's fees for this agent.
    function _append(
        uint256 agentId,
        Feedback memory entry,
        uint256 feeUnits
    ) internal returns (uint64 index) {
        ClientRecord memory record = _records[agentId][msg.sender];
        if (record.lastIndex == 0) _clients[agentId].push(msg.sender);
        index = record.lastIndex + 1;
        record.lastIndex = index;
        // forge-lint: disable-next-line(unsafe-typecast) a fee is below 2^96, and nobody pays 2^32 of the largest
        record.feeTotal += uint128(feeUnits);
        _records[agentId][msg.sender] = record;
        _entries[agentId][msg.sender][index] = entry.pack();
    }

    function _tagId(string memory tag) internal returns (uint32) {
        // forge-lint: disable-next-line(unsafe-typecast) MAX_TAG_ID is below 2^32
        return uint32(_tags.ensure(tag, FeedbackEntryLib.MAX_TAG_ID));
    }

    /// @dev Reverts for an unknown agent, as the identity registry does.
    function _requireNotOwn(uint256 agentId) internal view {
        if (AGENT_REGISTRY.isAuthorizedOrOwner(msg.sender, agentId)) {
            revert ReputationRegistry_SelfFeedback(msg.sender, agentId);
        }
    }

    function _requireIndex(uint256 agentId, address clientAddress, uint64 feedbackIndex) private view {
        uint64 lastIndex = _records[agentId][clientAddress].lastIndex;
        if (feedbackIndex == 0 || feedbackIndex > lastIndex) {
            revert ReputationRegistry_IndexOutOfRange(feedbackIndex, lastIndex);
        }
    }

    /* ---------- internal: reading lists ---------- */

    function _filter(
        string memory tag1,
        string memory tag2,
        bool includesRevoked
    ) private view returns (Filter memory filter) {
        (uint256 tag1Id, bool isTag1Known) = _tags.find(tag1);
        (uint256 tag2Id, bool isTag2Known) = _tags.find(tag2);
        return Filter({
            tag1Id: tag1Id,
            tag2Id: tag2Id,
            hasTag1: bytes(tag1).length != 0,
            hasTag2: bytes(tag2).length != 0,
            isImpossible: !isTag1Known || !isTag2Known,
            includesRevoked: includesRevoked
        });
    }

    function _matches(Feedback memory entry, Filter memory filter) private pure returns (bool) {
        if (filter.isImpossible || (entry.isRevoked && !filter.includesRevoked)) return false;
        if (filter.hasTag1 && entry.tag1Id != filter.tag1Id) return false;
        return !filter.hasTag2 || entry.tag2Id == filter.tag2Id;
    }

    function _addClient(Sum memory sum, uint256 agentId, address client, Filter memory filter) private view {
        uint64 lastIndex = _records[agentId][client].lastIndex;
        for (uint64 index = 1; index <= lastIndex; ++index) {
            Feedback memory entry = _entries[agentId][client][index].unpack();
            if (!_matches(entry, filter)) continue;
            // |value| <= 1e38 and the factor at most 1e18: 2^64 entries stay below 2^255.
            sum.wad += int256(entry.value) * int256(10 ** (MAX_DECIMALS - entry.valueDecimals));
            ++sum.decimalCounts[entry.valueDecimals];
            ++sum.count;
        }
    }

    function _list(
        uint256 agentId,
        address[] memory asked,
        Filter memory filter
    ) private view returns (FeedbackList memory list) {
        _allocate(list, _countMatches(agentId, asked, filter));
        uint256 row = 0;
        for (uint256 i = 0; i < asked.length; ++i) {
            uint64 lastIndex = _records[agentId][asked[i]].lastIndex;
            for (uint64 index = 1; index <= lastIndex; ++index) {
                Feedback memory entry = _entries[agentId][asked[i]][index].unpack();
                if (!_matches(entry, filter)) continue;
                list.clients[row] = asked[i];
                list.feedbackIndexes[row] = index;
                _fill(list, row, entry);
                ++row;
            }
        }
    }

    function _allocate(FeedbackList memory list, uint256 count) private pure {
        list.clients = new address[](count);
        list.feedbackIndexes = new uint64[](count);
        list.values = new int128[](count);
        list.valueDecimals = new uint8[](count);
        list.tag1s = new string[](count);
        list.tag2s = new string[](count);
        list.revokedStatuses = new bool[](count);
    }

    function _fill(FeedbackList memory list, uint256 row, Feedback memory entry) private view {
        list.values[row] = entry.value;
        list.valueDecimals[row] = entry.valueDecimals;
        list.tag1s[row] = _tags.textOf(entry.tag1Id);
        list.tag2s[row] = _tags.textOf(entry.tag2Id);
        list.revokedStatuses[row] = entry.isRevoked;
    }

    function _countMatches(
        uint256 agentId,
        address[] memory asked,
        Filter memory filter
    ) private view returns (uint256 count) {
        for (uint256 i = 0; i < asked.length; ++i) {
            uint64 lastIndex = _records[agentId][asked[i]].lastIndex;
            for (uint64 index = 1; index <= lastIndex; ++index) {
                if (_matches(_entries[agentId][asked[i]][index].unpack(), filter)) ++count;
            }
        }
    }

    function _mode(uint64[19] memory decimalCounts) private pure returns (uint8 mode) {
        uint64 most = 0;
        for (uint8 decimals = 0; decimals < 19; ++decimals) {
            if (decimalCounts[decimals] > most) {
                most = decimalCounts[decimals];
                mode = decimals;
            }
        }
    }

    function _responsesTo(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] calldata responders
    ) private view returns (uint64 count) {
        bytes32 key = _entryKey(agentId, clientAddress, feedbackIndex);
        if (responders.length == 0) return _responseCounts[key];
        for (uint256 i = 0; i < responders.length; ++i) {
            count += _responseCountsOf[key][responders[i]];
        }
    }

    function _entryKey(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(agentId, clientAddress, feedbackIndex));
    }
}
