// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title ERC-8004 Validation registry, version 2.0.0 of the ABI
/// @notice The owner of an agent asks a named validator about a piece of work; the validator answers with 0 to 100, as
/// often as it likes.
interface IERC8004Validation {
    event ValidationRequest(
        address indexed validatorAddress,
        uint256 indexed agentId,
        string requestURI,
        bytes32 indexed requestHash
    );
    event ValidationResponse(
        address indexed validatorAddress,
        uint256 indexed agentId,
        bytes32 indexed requestHash,
        uint8 response,
        string responseURI,
        bytes32 responseHash,
        string tag
    );

    /// @notice Owner or operator of the agent asks `validatorAddress`.
    /// @param requestHash Unique in this registry. Somebody who sees it early can take it; derive it from data that
    /// names the agent, and answerable requests stay distinguishable.
    function validationRequest(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash
    ) external;

    /// @notice The named validator answers or corrects its answer.
    /// @param response 0 to 100.
    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata responseURI,
        bytes32 responseHash,
        string calldata tag
    ) external;

    /// @notice State of a request. A response of 0 may mean that none was given.
    /// @param requestHash Reverts if unknown.
    /// @return validatorAddress Who was asked.
    /// @return agentId About which agent.
    /// @return response 0 to 100.
    /// @return responseHash Of the newest answer.
    /// @return tag Of the newest answer.
    /// @return lastUpdate Unix seconds of the request or the newest answer.
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
        );

    /// @notice Answered requests about an agent and their mean, rounded down.
    /// @param validatorAddresses Empty matches all.
    /// @param tag Empty matches all.
    function getSummary(
        uint256 agentId,
        address[] calldata validatorAddresses,
        string calldata tag
    ) external view returns (uint64 count, uint8 averageResponse);

    /// @notice Hashes of all requests about an agent.
    function getAgentValidations(uint256 agentId) external view returns (bytes32[] memory);

    /// @notice Hashes of all requests to a validator.
    function getValidatorRequests(address validatorAddress) external view returns (bytes32[] memory);

    /// @notice The identity registry whose ids are meant.
    function getIdentityRegistry() external view returns (address);

    /// @notice The version of the ABI, "2.0.0".
    function getVersion() external pure returns (string memory);
}
