// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobEscrow} from "../../../../contracts/interfaces/IJobEscrow.sol";
import {MarketTest} from "../MarketTest.sol";

/// @title A client without an allowance that signs permits, authorizations and acceptances
abstract contract SignedHireTest is MarketTest {
    struct Permit {
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    uint256 internal constant SIGNER_KEY = 0x516E;
    uint256 internal constant SIGNER_FUNDS = 100 * uint256(BUDGET);
    bytes32 internal constant SALT = "salt";
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    address internal signer = vm.addr(SIGNER_KEY);

    function setUp() public virtual override {
        super.setUp();
        token.mint(signer, SIGNER_FUNDS);
    }

    function _permit(address owner_, uint256 value) internal view returns (Permit memory permit) {
        permit.deadline = block.timestamp + 1 hours;
        bytes32 message = keccak256(
            abi.encode(PERMIT_TYPEHASH, owner_, address(escrow), value, token.nonces(owner_), permit.deadline)
        );
        (permit.v, permit.r, permit.s) = vm.sign(SIGNER_KEY, _tokenDigest(message));
    }

    /// @dev For the chain id that holds while this runs.
    function _authorization(
        IJobEscrow.HireTerms memory terms,
        bytes32 salt
    ) internal view returns (IJobEscrow.Authorization memory authorization) {
        authorization.client = signer;
        authorization.salt = salt;
        authorization.validBefore = block.timestamp + 1 hours;
        bytes32 message = keccak256(
            abi.encode(
                RECEIVE_TYPEHASH,
                signer,
                address(escrow),
                terms.budget,
                authorization.validAfter,
                authorization.validBefore,
                escrow.hireNonce(terms, salt)
            )
        );
        (authorization.v, authorization.r, authorization.s) = vm.sign(SIGNER_KEY, _tokenDigest(message));
    }

    function _copyWithSalt(
        IJobEscrow.Authorization memory authorization,
        bytes32 salt
    ) internal pure returns (IJobEscrow.Authorization memory) {
        return IJobEscrow.Authorization({
            client: authorization.client,
            salt: salt,
            validAfter: authorization.validAfter,
            validBefore: authorization.validBefore,
            v: authorization.v,
            r: authorization.r,
            s: authorization.s
        });
    }

    /// @dev The usual terms with one of the seven changed to something that {hire} would take.
    function _flipped(uint256 which) internal returns (IJobEscrow.HireTerms memory terms) {
        terms = _terms();
        if (which == 0) terms.provider = stranger;
        if (which == 1) terms.policyId = _otherRow();
        if (which == 2) terms.budget += 1;
        if (which == 3) terms.expiredAt += 1;
        if (which == 4) terms.agentId += 1;
        if (which == 5) terms.listingId += 1;
        if (which == 6) terms.description = "ipfs://Request";
    }

    function _deposit(address account, uint256 amount) internal {
        vm.prank(client);
        escrow.deposit(address(token), account, amount);
    }

    function _callAs(address sender, bytes memory data) internal returns (bool success, bytes memory answer) {
        vm.prank(sender);
        return address(escrow).call(data);
    }

    function _otherRow() private returns (uint32) {
        IJobEscrow.Policy memory policy = _housePolicy();
        policy.passMark = 61;
        return escrow.registerPolicy(policy);
    }

    function _tokenDigest(bytes32 message) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), message));
    }
}
