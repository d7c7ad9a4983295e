// SPDX-License-Identifier: MIT
pragma solidity >=0.8.20;

/// @title ERC-8004 Reputation registry, version 2.0.0 of the ABI
/// @notice Feedback of clients about agents: a signed fixed-point value, two tags, and a file off chain. Indices are
/// 1-based for each pair of agent and client.
interface IERC8004Reputation {
    event NewFeedback(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        int128 value,
        uint8 valueDecimals,
        string indexed indexedTag1,
        string tag1,
        string tag2,
        string endpoint,
        string feedbackURI,
        bytes32 feedbackHash
    );
    event FeedbackRevoked(
        uint256 indexed agentId, address indexed clientAddress, uint64 indexed feedbackIndex
    );
    event ResponseAppended(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        address indexed responder,
        string responseURI,
        bytes32 responseHash
    );

    /// @notice Anybody but the agent's owner and operators says what it thinks of the agent.
    /// @param value At most 1e38 in magnitude, in units of 10^-valueDecimals.
    /// @param valueDecimals 0 to 18.
    /// @param endpoint In the event only, as the URI and the hash are.
    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string calldata tag1,
        string calldata tag2,
        string calldata endpoint,
        string calldata feedbackURI,
        bytes32 feedbackHash
    ) external;

    /// @notice The client takes its own feedback back, once.
    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external;

    /// @notice Anybody answers a feedback.
    /// @param responseURI Not empty.
    function appendResponse(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        string calldata responseURI,
        bytes32 responseHash
    ) external;

    /// @notice Average over the named clients' standing feedback, in the decimals that most of it uses.
    /// @param clientAddresses Not empty: who is not asked by name may be a crowd of one.
    /// @param tag1 Empty matches all.
    /// @param tag2 Empty matches all.
    /// @return count Entries that matched.
    /// @return summaryValue Average, rounded towards zero.
    /// @return summaryValueDecimals The modal decimals; of equally frequent ones the smallest.
    function getSummary(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals);

    /// @notice One entry. Reverts if the index was never given.
    function readFeedback(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex
    )
        external
        view
        returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked);

    /// @notice Every entry that matches, in the order of clients and indices.
    /// @param clientAddresses Empty means all clients of the agent.
    function readAllFeedback(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2,
        bool includeRevoked
    )
        external
        view
        returns (
            address[] memory clients,
            uint64[] memory feedbackIndexes,
            int128[] memory values,
            uint8[] memory valueDecimals,
            string[] memory tag1s,
            string[] memory tag2s,
            bool[] memory revokedStatuses
        );

    /// @notice Number of answers.
    /// @param clientAddress Zero means all clients.
    /// @param feedbackIndex Zero means all entries of the client.
    /// @param responders Empty means everybody.
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] calldata responders
    ) external view returns (uint64 count);

    /// @notice Every account that ever gave the agent feedback.
    function getClients(uint256 agentId) external view returns (address[] memory);

    /// @notice Number of entries that the client gave the agent.
    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64);

    /// @notice The identity registry whose ids are meant.
    function getIdentityRegistry() external view returns (address);

    /// @notice The version of the ABI, "2.0.0".
    function getVersion() external pure returns (string memory);
}
