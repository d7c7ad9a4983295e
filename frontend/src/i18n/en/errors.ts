/** What went wrong and what to do next, divided by " | ". One entry for each error of each contract. */
export const errors = {
  'error.unknown': 'Something went wrong.',
  'error.wallet.rejected': 'You rejected the request in your wallet. | Nothing was sent.',
  'error.wallet.pending': 'Your wallet already shows a request. | Open your wallet and answer it first.',
  'error.wallet.unknownChain':
    'Your wallet does not know this network. | Add it in your wallet with the chain id and node from Settings.',
  'error.wallet.noGas':
    'Your wallet has no ether for the network fee. | Send it a little ether and try again.',
  'error.wallet.nonce':
    'Your wallet and the network count your transactions differently. | Reset the account’s activity in your wallet and try again.',
  'error.node.unreachable': 'The network node is not answering. | Nothing was sent. Try again in a moment.',
  'error.api.unreachable': 'The server is not answering. | Nothing was sent. Try again in a moment.',
  'error.api.refused': 'The server refused this.',
  'error.api.refused.mend': 'Nothing was sent.',
  'error.contract.unnamed': 'The contract refused this ({name}). | Reload the page and try again.',

  'contract.AgentRegistry_ConsentExpired':
    'The wallet’s consent has expired. | Ask the wallet to sign a fresh one.',
  'contract.AgentRegistry_DeadlineTooFar':
    'The wallet’s consent reaches too far ahead. | Sign one that lasts at most five minutes.',
  'contract.AgentRegistry_NotAuthorized':
    'Only the owner of agent {agentId} may do this. | Connect the owner’s wallet.',
  'contract.AgentRegistry_ReservedKey': 'The key “{metadataKey}” is reserved. | Use another key.',
  'contract.AgentRegistry_WalletIsZero': 'An agent’s wallet cannot be empty. | Name an address.',
  'contract.AgentRegistry_WalletSignatureInvalid':
    'The consent was not signed by the new wallet. | Sign it with {newWallet}.',
  'contract.ERC721IncorrectOwner': 'This agent belongs to someone else. | Check the agent’s number.',
  'contract.ERC721InsufficientApproval': 'Your wallet may not move this agent. | Ask its owner.',
  'contract.ERC721InvalidApprover': 'Your wallet may not give this permission. | Connect the owner’s wallet.',
  'contract.ERC721InvalidOperator': 'This operator is not a valid address. | Check the address.',
  'contract.ERC721InvalidOwner': 'This owner is not a valid address. | Check the address.',
  'contract.ERC721InvalidReceiver': 'The receiver cannot hold an agent. | Choose another address.',
  'contract.ERC721InvalidSender': 'The sender is not a valid address. | Check the address.',
  'contract.ERC721NonexistentToken': 'There is no agent {tokenId}. | Check the agent’s number.',

  'contract.JobEscrow_AddressIsZero': 'An address is missing. | Reload the page and try again.',
  'contract.JobEscrow_BudgetIsZero': 'A job needs a price above zero. | Ask the agent to fix its listing.',
  'contract.JobEscrow_BudgetMismatch':
    'The price has changed to {budget}. | Look at the new price before you pay.',
  'contract.JobEscrow_BudgetTooBig':
    'The price is larger than the contract can hold. | Use a smaller amount.',
  'contract.JobEscrow_CreditTooLow':
    'Your credit of {credit} does not cover the price of {needed}. | Deposit more, or pay from your wallet.',
  'contract.JobEscrow_DeadlinePassed':
    'The time for this is over. | Reload the page to see what is possible now.',
  'contract.JobEscrow_EvaluatorIsZero': 'A job needs a judge. | Reload the page and try again.',
  'contract.JobEscrow_ExpiryTooLong': 'The deadline is too far away. | Reload the page and try again.',
  'contract.JobEscrow_ExpiryTooShort':
    'The deadline leaves too little time to finish and check the work. | Try again; confirm sooner in your wallet.',
  'contract.JobEscrow_FeeNotCurrent':
    'The fee of these terms is no longer the current one. | Reload the page for the new terms.',
  'contract.JobEscrow_FeeTooHigh': 'The fee is above the limit of the contract. | Choose a lower fee.',
  'contract.JobEscrow_HookGasTooLow':
    'The transaction carries too little gas. | Raise the gas limit in your wallet.',
  'contract.JobEscrow_HookLacksInterface': 'This hook cannot be used. | Use terms without it.',
  'contract.JobEscrow_HookNotAllowed': 'This hook is not allowed here. | Use terms without it.',
  'contract.JobEscrow_HookRefused': 'The hook of this job refused the step. | Ask who set it up.',
  'contract.JobEscrow_NoCredit':
    'Nothing is waiting for you in the escrow. | It may have been paid out already.',
  'contract.JobEscrow_NoHousePolicy': 'No open terms exist for this judge. | Choose a listed agent.',
  'contract.JobEscrow_NotClient': 'Only the client of this job may do this. | Connect the wallet {client}.',
  'contract.JobEscrow_NotEvaluator': 'Only the judge of this job may do this. | Wait for the verdict.',
  'contract.JobEscrow_NotHook': 'Only the job’s own rule book may pass it on. | Ask there.',
  'contract.JobEscrow_NotHouseJob':
    'This job is not judged by this market’s oracle. | Use the steps of its own judge.',
  'contract.JobEscrow_NotHousePolicy': 'These terms are not this market’s. | Choose a listed agent.',
  'contract.JobEscrow_NotProvider':
    'Only the agent of this job may do this. | Connect the wallet {provider}.',
  'contract.JobEscrow_PassMarkOutOfRange':
    'The pass mark must lie between {min} and {max}. | Choose another one.',
  'contract.JobEscrow_PolicyIsCurrent':
    'These terms are still current and stay open. | Nothing needs to be done.',
  'contract.JobEscrow_PolicyIsRetired':
    'These terms no longer take new jobs. | Ask the agent to update its listing.',
  'contract.JobEscrow_ProviderAlreadySet': 'This job already has an agent. | Open a new job for another one.',
  'contract.JobEscrow_ProviderIsZero': 'This job has no agent yet. | Name one first.',
  'contract.JobEscrow_ProviderRefused': 'This address cannot be an agent. | Choose another agent.',
  'contract.JobEscrow_ShareTooHigh': 'The reporters’ share is above the limit. | Choose a lower one.',
  'contract.JobEscrow_SignatureInvalid': 'A signature is not by {signer}. | Sign again with that wallet.',
  'contract.JobEscrow_SplitTooBig': 'The split is larger than the pay. | Agree on at most {budget}.',
  'contract.JobEscrow_TokenNotAllowed': 'This token is not accepted here. | Pay with the market’s token.',
  'contract.JobEscrow_TooEarly': 'It is too early for this. | Wait for the deadline shown on the page.',
  'contract.JobEscrow_TooManyPolicies': 'No more terms can be added. | Use existing ones.',
  'contract.JobEscrow_UnexpectedReceipt':
    'The token did not move the whole amount. | This token cannot be used for pay.',
  'contract.JobEscrow_UnknownJob': 'There is no job {jobId}. | Check the job’s number.',
  'contract.JobEscrow_UnknownPolicy': 'There are no terms {policyId}. | Reload the page and try again.',
  'contract.JobEscrow_WindowOutOfRange':
    'A time of these terms is out of range. | Choose one within the limits.',
  'contract.JobEscrow_WrongStatus':
    'The job has moved on in the meantime. | Reload the page to see what is possible now.',
  'contract.OwnableInvalidOwner': 'This owner is not a valid address. | Check the address.',
  'contract.OwnableUnauthorizedAccount':
    'Only the contract’s owner may do this. | Connect the owner’s wallet.',
  'contract.ReentrancyGuardReentrantCall': 'The contract is busy with another call. | Try again.',
  'contract.SafeERC20FailedOperation': 'The token refused the transfer. | Check your balance and try again.',

  'contract.ResultOracle_AlreadyPosted':
    'The verdict of this job is already on the chain. | Reload the page.',
  'contract.ResultOracle_AlreadyDisputed': 'This job is disputed already. | Wait for the ruling.',
  'contract.ResultOracle_DeskIsZero': 'The desk of disputes is missing. | Check the deployment.',
  'contract.ResultOracle_NotDesk': 'Only the desk of disputes may do this. | Open a dispute there.',
  'contract.ResultOracle_NotDisputable':
    'This job cannot be disputed now. | Dispute it after its verdict, while its review runs.',
  'contract.ResultOracle_NotDisputed': 'This job is not disputed. | Settle it instead.',
  'contract.ResultOracle_EscrowIsZero': 'The escrow is missing. | Check the deployment.',
  'contract.ResultOracle_GasTooLow':
    'The transaction carries too little gas. | Raise the gas limit in your wallet.',
  'contract.ResultOracle_LengthMismatch':
    'Verdicts and signatures do not pair up. | Send one list for each verdict.',
  'contract.ResultOracle_NotHouseJob': 'This job has another judge. | Ask that judge.',
  'contract.ResultOracle_RowsIncomplete':
    'The batch of verdicts has {words} words, which is not three for each. | Send whole rows.',
  'contract.ResultOracle_NotReporter': '{signer} is not a reporter. | Use the reporters’ signatures.',
  'contract.ResultOracle_NotSubmitted': 'Nothing has been delivered for this job. | Wait for the delivery.',
  'contract.ResultOracle_EpochTooYoung': 'The reporters changed lately. | Try again later.',
  'contract.ResultOracle_StakeIsZero': 'The reporters’ stake is missing. | Check the deployment.',
  'contract.ResultOracle_UnknownEpoch': 'There is no set {epoch} of reporters. | Name an earlier one.',
  'contract.SignerCode_NotStored': 'The set of reporters could not be written. | Send more gas.',
  'contract.ResultOracle_QuorumOutOfRange':
    'The number of needed signatures is out of range. | Choose a majority.',
  'contract.ResultOracle_ReporterSetInvalid': 'The list of reporters is not valid. | Name each once.',
  'contract.ResultOracle_ScoreTooHigh': 'A score is at most {max}. | Send a lower score.',
  'contract.ResultOracle_SignatureInvalid': 'A reporter’s signature is not valid. | Collect it again.',
  'contract.ResultOracle_SignersNotAscending': 'The signatures are not in order. | Sort them by address.',
  'contract.ResultOracle_TooFewSignatures':
    'Only {count} of {quorum} needed signatures are there. | Wait for more reporters.',
  'contract.ResultOracle_TooManyReporters': 'There are more than {max} reporters. | Name fewer.',
  'contract.ResultOracle_VerdictTooLate':
    'The time for a verdict is over. | Settle the job instead: without a verdict the agent is paid.',
  'contract.ResultOracle_WrongEpoch': 'The verdict belongs to another set of reporters. | Collect it again.',
  'contract.ResultOracle_WrongSubmission': 'The verdict is about another delivery. | Collect it again.',

  'contract.ServiceListings_AgentIdTooBig': 'This agent’s number is too large. | Check the number.',
  'contract.ServiceListings_BoundsOutOfOrder':
    'The bounds {floor} and {ceiling} do not fit together. | Name the lower one first, or none for a fixed price.',
  'contract.ServiceListings_ListingIsClosed': 'This listing is closed. | Choose another offer.',
  'contract.ServiceListings_NotAgentsOwner':
    'Only the owner of agent {agentId} may do this. | Connect the owner’s wallet.',
  'contract.ServiceListings_NotAgentsWallet':
    'Only the wallet of agent {agentId} may move this price. | Connect that wallet.',
  'contract.ServiceListings_NotDynamic':
    'The price of listing {listingId} is not a moving one. | Let its owner change it.',
  'contract.ServiceListings_PolicyNotOpen': 'These terms take no new jobs. | List under open terms.',
  'contract.ServiceListings_PriceIsZero': 'A listing needs a price above zero. | Name a price.',
  'contract.ServiceListings_PriceOutOfBounds':
    'The price must be from {floor} to {ceiling}. | Name one within these bounds.',
  'contract.ServiceListings_ServiceTypeIsEmpty': 'A listing needs a service. | Name one.',
  'contract.ServiceListings_TooManyServiceTypes':
    'No more kinds of service can be added. | Use an existing one.',
  'contract.ServiceListings_UnknownListing': 'There is no listing {listingId}. | Choose another offer.',
  'contract.ServiceListings_UriTooLong': 'The address of the description is too long. | Use a shorter one.',
  'contract.ServiceListings_WorkSecondsOutOfRange':
    'The time for the work is out of range. | Choose between {min} and {max} seconds.',

  'contract.ECDSAInvalidSignature': 'The signature is not valid. | Sign again.',
  'contract.ECDSAInvalidSignatureLength': 'The signature has a wrong length. | Sign again.',
  'contract.ECDSAInvalidSignatureS': 'The signature has a form that is not accepted. | Sign again.',
  'contract.ERC20InsufficientAllowance':
    'The escrow may take only {allowance}, but {needed} is needed. | Allow the payment again.',
  'contract.ERC20InsufficientBalance':
    'You have {balance}, but {needed} is needed. | Get more of the token, then try again.',
  'contract.ERC20InvalidApprover': 'This wallet cannot allow payments. | Use another wallet.',
  'contract.ERC20InvalidReceiver': 'The receiver is not a valid address. | Check the address.',
  'contract.ERC20InvalidSender': 'The sender is not a valid address. | Check the address.',
  'contract.ERC20InvalidSpender': 'The spender is not a valid address. | Check the address.',
  'contract.ERC2612ExpiredSignature': 'The signed permission has expired. | Sign again.',
  'contract.ERC2612InvalidSigner':
    'The permission was signed by another wallet. | Sign with the owner’s wallet.',
  'contract.InvalidAccountNonce': 'The signature was already used or is out of turn. | Sign again.',
  'contract.InvalidShortString': 'A text of the contract cannot be read. | Reload the page and try again.',
  'contract.StringTooLong': 'A text is too long for the contract. | Shorten it.',
  'contract.TestDollar_AuthorizationExpired': 'The signed payment has expired. | Sign again.',
  'contract.TestDollar_AuthorizationNotYetValid': 'The signed payment is not valid yet. | Wait a moment.',
  'contract.TestDollar_AuthorizationSignatureInvalid':
    'The payment was not signed by {authorizer}. | Sign with that wallet.',
  'contract.TestDollar_AuthorizationSpent': 'The signed payment was already used. | Sign a new one.',
  'contract.TestDollar_CallerIsNotPayee':
    'Only the receiver may collect this payment. | Connect the receiver’s wallet.',
  'contract.TestDollar_MintTooBig': 'At most {max} can be made at once. | Ask for less.',
} as const;
