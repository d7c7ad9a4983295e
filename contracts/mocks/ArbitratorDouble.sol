// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IArbitrator} from "../interfaces/IArbitrator.sol";

/// @title An arbitrator from outside that rules what it is told, or misbehaves
contract ArbitratorDouble is IArbitrator {
    enum Manner {
        Serve,
        Revert,
        Nonsense,
        Keep
    }

    error ArbitratorDouble_Unwilling();
    error ArbitratorDouble_FeeMissing(uint256 received, uint256 cost);

    struct Asked {
        address arbitrable;
        uint256 subject;
        address token;
        bool isRuled;
        uint16 providerBps;
    }

    uint256 public cost;
    uint32 public immutable LONGEST_SECONDS;
    Manner public manner;
    uint256 public disputeCount;
    mapping(uint256 disputeId => Asked) public asked;
    mapping(address token => uint256) private _held;

    constructor(uint256 cost_, uint32 longestSeconds) {
        cost = cost_;
        LONGEST_SECONDS = longestSeconds;
    }

    function setCost(uint256 cost_) external {
        cost = cost_;
    }

    function setManner(Manner manner_) external {
        manner = manner_;
    }

    function giveRuling(uint256 disputeId, uint16 providerBps) external {
        asked[disputeId].isRuled = true;
        asked[disputeId].providerBps = providerBps;
    }

    function quote(address) external view returns (uint256, uint32) {
        return (cost, LONGEST_SECONDS);
    }

    function createDispute(uint256 subject, address token) external returns (uint256 disputeId) {
        uint256 received = IERC20(token).balanceOf(address(this)) - _held[token];
        if (received < cost) revert ArbitratorDouble_FeeMissing(received, cost);
        _held[token] += received;
        disputeId = ++disputeCount;
        asked[disputeId] = Asked(msg.sender, subject, token, false, 0);
    }

    function rulingOf(uint256 disputeId) external view returns (bool, uint16) {
        if (manner == Manner.Revert) revert ArbitratorDouble_Unwilling();
        if (manner == Manner.Nonsense) return (true, 10_001);
        return (asked[disputeId].isRuled, asked[disputeId].providerBps);
    }

    function takeRefund(uint256 disputeId, address to) external returns (uint256 amount) {
        if (manner == Manner.Revert) revert ArbitratorDouble_Unwilling();
        // It says that it gave everything back and gives nothing.
        if (manner != Manner.Serve) return type(uint256).max;
        amount = cost;
        _held[asked[disputeId].token] -= amount;
        IERC20(asked[disputeId].token).transfer(to, amount);
    }
}
