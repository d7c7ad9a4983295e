// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";
import {IERC8004Validation} from "../interfaces/IERC8004Validation.sol";
import {IValidationRegistry} from "../interfaces/IValidationRegistry.sol";
import {TagBook, Tags} from "../libraries/TagBook.sol";
import {ValidationSlot, ValidationSlotLib, ValidationState} from "../types/ValidationSlot.sol";

/// @title Validation of agents' work
/// @dev Promises and assumptions are in {IValidationRegistry}. A validator's list keeps (agent, position) in 64 bits, four a
/// slot, instead of the hashes again.
contract ValidationRegistry is IValidationRegistry, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using TagBook for Tags;

    /* ---------- types ---------- */

    struct BondTerms {
        // slot 0: 160 + 96 of 256 bits
        address requester;
        uint96 bond;
        // slot 1
        uint32 answerBy;
    }

    /* ---------- constants and immutables ---------- */

    uint8 public constant MAX_RESPONSE = 100;
    uint256 public constant MAX_ANSWER_SECONDS = 365 days;

    IERC8004Identity public immutable AGENT_REGISTRY;
    IERC20 public immutable BOND_TOKEN;

    /* ---------- storage ---------- */

    Tags private _tags;
    mapping(bytes32 requestHash => ValidationSlot) private _requests;
    mapping(bytes32 requestHash => bytes32) private _responseHashes;
    mapping(bytes32 requestHash => BondTerms) private _bonds;
    mapping(uint256 agentId => bytes32[] requestHashes) private _ofAgent;
    /// @dev Agent id in the high 32 bits, position in `_ofAgent` in the low 32.
    mapping(address validator => uint64[]) private _ofValidator;
    /// @inheritdoc IValidationRegistry
    mapping(address account => uint256) public creditOf;

    /* ---------- constructor ---------- */

    constructor(IERC8004Identity agentRegistry, IERC20 bondToken) {
        if (address(agentRegistry) == address(0)) revert ValidationRegistry_AddressIsZero("agentRegistry");
        if (address(bondToken) == address(0)) revert ValidationRegistry_AddressIsZero("bondToken");
        AGENT_REGISTRY = agentRegistry;
        BOND_TOKEN = bondToken;
    }

    /* ---------- views ---------- */

    /// @inheritdoc IERC8004Validation
    function getVersion() external pure returns (string memory) {
        return "2.0.0";
    }

    /// @inheritdoc IERC8004Validation
    function getIdentityRegistry() external view returns (address) {
        return address(AGENT_REGISTRY);
    }

    /// @inheritdoc IERC8004Validation
    function getValidationStatus(bytes32 requestHash)
        external
        view
        returns (
            address validatorAddress,
            uint256 agentId,
            uint8 response,
            bytes32 responseHash,
            string memory tag,
            uint256 lastUpdate
        )
    {
        ValidationState memory state = _requestNamed(requestHash);
        return (
            state.validator,
            state.agentId,
            state.response,
            _responseHashes[requestHash],
            _tags.textOf(state.tagId),
            state.lastUpdate
        );
    }

    /// @inheritdoc IValidationRegistry
    function validationOf(bytes32 requestHash) external view returns (Validation memory) {
        ValidationState memory state = _requestNamed(requestHash);
        BondTerms memory terms = _bonds[requestHash];
        return Validation({
            validatorAddress: state.validator,
            agentId: state.agentId,
            hasResponse: state.hasResponse,
            response: state.response,
            responseHash: _responseHashes[requestHash],
            tag: _tags.textOf(state.tagId),
            lastUpdate: state.lastUpdate,
            answerBy: terms.answerBy,
            bond: terms.bond,
            requester: terms.requester
        });
    }

    /// @inheritdoc IValidationRegistry
    function hasResponse(bytes32 requestHash) external view returns (bool) {
        return _requests[requestHash].unpack().hasResponse;
    }

    /// @inheritdoc IERC8004Validation
    function getSummary(
        uint256 agentId,
        address[] calldata validatorAddresses,
        string calldata tag
    ) external view returns (uint64 count, uint8 averageResponse) {
        (uint256 tagId, bool isKnown) = _tags.find(tag);
        if (!isKnown) return (0, 0);
        bytes32[] storage hashes = _ofAgent[agentId];
        uint256 sum = 0;
        for (uint256 i = 0; i < hashes.length; ++i) {
            ValidationState memory state = _requests[hashes[i]].unpack();
            if (!state.hasResponse || (tagId != 0 && state.tagId != tagId)) continue;
            if (!_isAsked(state.validator, validatorAddresses)) continue;
            sum += state.response;
            ++count;
        }
        // forge-lint: disable-next-line(unsafe-typecast) a mean of responses is at most 100
        if (count != 0) averageResponse = uint8(sum / count);
    }

    /// @inheritdoc IERC8004Validation
    function getAgentValidations(uint256 agentId) external view returns (bytes32[] memory) {
        return _ofAgent[agentId];
    }

    /// @inheritdoc IValidationRegistry
    function agentValidationsPage(
        uint256 agentId,
        uint256 offset,
        uint256 limit
    ) external view returns (bytes32[] memory page) {
        bytes32[] storage hashes = _ofAgent[agentId];
        uint256 left = offset < hashes.length ? hashes.length - offset : 0;
        page = new bytes32[](left < limit ? left : limit);
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = hashes[offset + i];
        }
    }

    /// @inheritdoc IERC8004Validation
    function getValidatorRequests(address validatorAddress) external view returns (bytes32[] memory hashes) {
        uint64[] storage places = _ofValidator[validatorAddress];
        hashes = new bytes32[](places.length);
        for (uint256 i = 0; i < hashes.length; ++i) {
            uint256 place = places[i];
            hashes[i] = _ofAgent[place >> 32][place & type(uint32).max];
        }
    }

    /* ---------- owner or operator of the agent ---------- */

    /// @inheritdoc IERC8004Validation
    function validationRequest(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash
    ) external {
        _request(validatorAddress, agentId, requestURI, requestHash, false);
    }

    /// @inheritdoc IValidationRegistry
    function validationRequestWithBond(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash,
        uint32 answerBy,
        uint96 bond
    ) external nonReentrant {
        // Check
        uint256 latest = block.timestamp + MAX_ANSWER_SECONDS;
        if (answerBy <= block.timestamp || answerBy > latest) {
            revert ValidationRegistry_DeadlineOutOfRange(answerBy, block.timestamp + 1, latest);
        }
        // Effect and event
        _request(validatorAddress, agentId, requestURI, requestHash, true);
        _bonds[requestHash] = BondTerms({requester: msg.sender, bond: bond, answerBy: answerBy});
        emit ValidationBonded(requestHash, msg.sender, bond, answerBy);
        // Interaction
        if (bond != 0) _pullExact(bond);
    }

    /* ---------- validator ---------- */

    /// @inheritdoc IERC8004Validation
    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata responseURI,
        bytes32 responseHash,
        string calldata tag
    ) external {
        // Check
        ValidationState memory state = _requestNamed(requestHash);
        if (msg.sender != state.validator) {
            revert ValidationRegistry_NotValidator(msg.sender, state.validator);
        }
        if (response > MAX_RESPONSE) revert ValidationRegistry_ResponseTooHigh(response, MAX_RESPONSE);
        // Effect
        if (state.isBonded && !state.hasResponse) _earnBond(requestHash, state.validator);
        state.response = response;
        state.hasResponse = true;
        // forge-lint: disable-next-line(unsafe-typecast) MAX_TAG_ID is below 2^32
        state.tagId = uint32(_tags.ensure(tag, ValidationSlotLib.MAX_TAG_ID));
        state.lastUpdate = uint32(block.timestamp);
        _requests[requestHash] = state.pack();
        _responseHashes[requestHash] = responseHash;
        // Event
        emit ValidationResponse(
            msg.sender, state.agentId, requestHash, response, responseURI, responseHash, tag
        );
    }

    /* ---------- anybody ---------- */

    /// @inheritdoc IValidationRegistry
    function reclaimBond(bytes32 requestHash) external {
        // Check
        ValidationState memory state = _requestNamed(requestHash);
        BondTerms memory terms = _bonds[requestHash];
        if (terms.bond == 0) revert ValidationRegistry_NoBond(requestHash);
        if (block.timestamp <= terms.answerBy) {
            revert ValidationRegistry_TooEarly(block.timestamp, uint256(terms.answerBy) + 1);
        }
        // An answer takes the bond with it, so a bond that is still here has none.
        assert(!state.hasResponse);
        // Effect and event
        _release(requestHash, terms.requester, terms.bond);
    }

    /// @inheritdoc IValidationRegistry
    function withdrawFor(address account) external nonReentrant {
        // Check
        uint256 amount = creditOf[account];
        if (amount == 0) revert ValidationRegistry_NoCredit(account);
        // Effect
        delete creditOf[account];
        // Event
        emit CreditWithdrawn(account, amount);
        // Interaction
        BOND_TOKEN.safeTransfer(account, amount);
    }

    /* ---------- internal ---------- */

    function _request(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash,
        bool isBonded
    ) private {
        // Check
        if (validatorAddress == address(0)) revert ValidationRegistry_ValidatorIsZero();
        if (agentId > type(uint32).max) revert ValidationRegistry_AgentIdTooBig(agentId);
        if (!AGENT_REGISTRY.isAuthorizedOrOwner(msg.sender, agentId)) {
            revert ValidationRegistry_NotAuthorized(msg.sender, agentId);
        }
        if (ValidationSlot.unwrap(_requests[requestHash]) != 0) {
            revert ValidationRegistry_RequestExists(requestHash);
        }
        // Effect
        ValidationState memory state;
        state.validator = validatorAddress;
        // forge-lint: disable-next-line(unsafe-typecast) checked above
        state.agentId = uint32(agentId);
        state.lastUpdate = uint32(block.timestamp);
        state.isBonded = isBonded;
        _requests[requestHash] = state.pack();
        bytes32[] storage ofAgent = _ofAgent[agentId];
        // forge-lint: disable-next-line(unsafe-typecast) an agent id fits 32 bits, and nobody pays for 2^32 requests
        _ofValidator[validatorAddress].push(uint64((agentId << 32) | ofAgent.length));
        ofAgent.push(requestHash);
        // Event
        emit ValidationRequest(validatorAddress, agentId, requestURI, requestHash);
    }

    /// @dev The first answer must come in time; a bond of zero still has a deadline.
    function _earnBond(bytes32 requestHash, address validator) private {
        BondTerms memory terms = _bonds[requestHash];
        if (block.timestamp > terms.answerBy) {
            revert ValidationRegistry_DeadlinePassed(block.timestamp, terms.answerBy);
        }
        if (terms.bond != 0) _release(requestHash, validator, terms.bond);
    }

    function _release(bytes32 requestHash, address account, uint96 bond) private {
        _bonds[requestHash].bond = 0;
        creditOf[account] += bond;
        emit BondReleased(requestHash, account, bond);
    }

    function _pullExact(uint256 amount) private {
        uint256 balanceBefore = BOND_TOKEN.balanceOf(address(this));
        BOND_TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = BOND_TOKEN.balanceOf(address(this)) - balanceBefore;
        if (received != amount) revert ValidationRegistry_UnexpectedReceipt(received, amount);
    }

    function _requestNamed(bytes32 requestHash) private view returns (ValidationState memory state) {
        state = _requests[requestHash].unpack();
        if (state.validator == address(0)) revert ValidationRegistry_UnknownRequest(requestHash);
    }

    function _isAsked(address validator, address[] calldata validators) private pure returns (bool) {
        if (validators.length == 0) return true;
        for (uint256 i = 0; i < validators.length; ++i) {
            if (validators[i] == validator) return true;
        }
        return false;
    }
}
