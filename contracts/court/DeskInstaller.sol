// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketDeployer} from "../market/MarketDeployer.sol";
import {DisputeDesk} from "./DisputeDesk.sol";

/// @title Brings the desk's code to the deployer
/// @notice Escrow, oracle and desk do not fit into the creation code of one contract. This one carries the desk's, so that
/// the whole market can be made by creations alone. It does nothing afterwards.
contract DeskInstaller {
    address public immutable DISPUTE_DESK;

    constructor(MarketDeployer deployer) {
        DISPUTE_DESK = deployer.makeDesk(type(DisputeDesk).creationCode);
    }
}
