// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// @title The token that votes
/// @notice 18 decimals, ERC-2612, ERC-3009 and ERC-5805 votes counted by block time. The whole supply is made in the
/// constructor, at most CAP, and nothing can ever make or burn more: there is no role. Who gets what at the
/// beginning is the deployment's written distribution (docs/governance.md): vesting wallets, a {MerkleClaim}, and on
/// a local chain a faucet.
///
/// A holder's balance votes only after it delegates, to itself or another; a delegate does not pass votes on.
contract AitbcToken is ERC20, ERC20Permit, ERC20Votes, ERC3009 {
    error AitbcToken_LengthMismatch(uint256 holders, uint256 amounts);
    error AitbcToken_SupplyTooBig(uint256 supply, uint256 cap);

    /// @notice One thousand million tokens.
    uint256 public constant CAP = 1_000_000_000e18;

    /// @param holders Who holds the first balances.
    /// @param amounts In the smallest unit; together at most CAP.
    constructor(
        address[] memory holders,
        uint256[] memory amounts
    ) ERC20("AITBC", "AITBC") ERC20Permit("AITBC") {
        if (holders.length != amounts.length) {
            revert AitbcToken_LengthMismatch(holders.length, amounts.length);
        }
        for (uint256 i = 0; i < holders.length; ++i) {
            _mint(holders[i], amounts[i]);
        }
        if (totalSupply() > CAP) revert AitbcToken_SupplyTooBig(totalSupply(), CAP);
    }

    /// @notice Unix seconds: votes are counted by block time.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice How {clock} counts, machine-readable (ERC-6372).
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice Next nonce of {permit} and {delegateBySig}.
    function nonces(address account) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(account);
    }

    function _update(address from, address to, uint256 amount) internal override(ERC20, ERC20Votes) {
        super._update(from, to, amount);
    }
}
