import type { errors as english } from '../en/errors';

export const errors: Record<keyof typeof english, string> = {
  'error.unknown': 'Etwas ist schiefgegangen.',
  'error.wallet.rejected': 'Sie haben die Anfrage in Ihrer Wallet abgelehnt. | Es wurde nichts gesendet.',
  'error.wallet.pending':
    'Ihre Wallet zeigt schon eine Anfrage. | Öffnen Sie die Wallet und beantworten Sie diese zuerst.',
  'error.wallet.unknownChain':
    'Ihre Wallet kennt dieses Netz nicht. | Fügen Sie es mit Chain-Nummer und Knoten aus den Einstellungen hinzu.',
  'error.wallet.noGas': 'Ihre Wallet hat keinen Ether für die Netzgebühr. | Senden Sie ihr etwas Ether.',
  'error.wallet.nonce':
    'Wallet und Netz zählen Ihre Transaktionen verschieden. | Setzen Sie den Verlauf des Kontos in der Wallet zurück.',
  'error.node.unreachable':
    'Der Netzknoten antwortet nicht. | Es wurde nichts gesendet. Versuchen Sie es gleich wieder.',
  'error.api.unreachable':
    'Der Server antwortet nicht. | Es wurde nichts gesendet. Versuchen Sie es gleich wieder.',
  'error.api.refused': 'Der Server hat das abgelehnt.',
  'error.api.refused.mend': 'Es wurde nichts gesendet.',
  'error.contract.unnamed': 'Der Vertrag hat das abgelehnt ({name}). | Laden Sie die Seite neu.',

  'contract.AgentRegistry_ConsentExpired':
    'Die Zustimmung der Wallet ist abgelaufen. | Lassen Sie eine neue unterschreiben.',
  'contract.AgentRegistry_DeadlineTooFar':
    'Die Zustimmung reicht zu weit voraus. | Höchstens fünf Minuten sind erlaubt.',
  'contract.AgentRegistry_NotAuthorized':
    'Das darf nur der Eigentümer von Agent {agentId}. | Verbinden Sie die Wallet des Eigentümers.',
  'contract.AgentRegistry_ReservedKey':
    'Der Schlüssel „{metadataKey}“ ist vergeben. | Nehmen Sie einen anderen.',
  'contract.AgentRegistry_WalletIsZero':
    'Die Wallet eines Agenten darf nicht leer sein. | Nennen Sie eine Adresse.',
  'contract.AgentRegistry_WalletSignatureInvalid':
    'Die Zustimmung ist nicht von der neuen Wallet. | Unterschreiben Sie mit {newWallet}.',
  'contract.ERC721IncorrectOwner': 'Dieser Agent gehört jemand anderem. | Prüfen Sie die Nummer.',
  'contract.ERC721InsufficientApproval':
    'Ihre Wallet darf diesen Agenten nicht bewegen. | Fragen Sie den Eigentümer.',
  'contract.ERC721InvalidApprover':
    'Ihre Wallet darf das nicht erlauben. | Verbinden Sie die Wallet des Eigentümers.',
  'contract.ERC721InvalidOperator': 'Diese Adresse taugt nicht als Verwalter. | Prüfen Sie die Adresse.',
  'contract.ERC721InvalidOwner': 'Diese Adresse taugt nicht als Eigentümer. | Prüfen Sie die Adresse.',
  'contract.ERC721InvalidReceiver':
    'Der Empfänger kann keinen Agenten halten. | Wählen Sie eine andere Adresse.',
  'contract.ERC721InvalidSender': 'Der Absender ist keine gültige Adresse. | Prüfen Sie die Adresse.',
  'contract.ERC721NonexistentToken': 'Es gibt keinen Agenten {tokenId}. | Prüfen Sie die Nummer.',

  'contract.JobEscrow_AddressIsZero': 'Eine Adresse fehlt. | Laden Sie die Seite neu.',
  'contract.JobEscrow_BudgetIsZero':
    'Ein Auftrag braucht einen Preis über null. | Bitten Sie den Agenten, sein Angebot zu berichtigen.',
  'contract.JobEscrow_BudgetMismatch': 'Der Preis ist jetzt {budget}. | Sehen Sie sich den neuen Preis an.',
  'contract.JobEscrow_BudgetTooBig':
    'Der Preis ist größer, als der Vertrag fassen kann. | Nehmen Sie einen kleineren Betrag.',
  'contract.JobEscrow_CreditTooLow':
    'Ihr Guthaben von {credit} reicht nicht für den Preis von {needed}. | Zahlen Sie ein oder zahlen Sie aus Ihrer Wallet.',
  'contract.JobEscrow_DeadlinePassed':
    'Die Zeit dafür ist vorbei. | Laden Sie die Seite neu, um zu sehen, was jetzt geht.',
  'contract.JobEscrow_EvaluatorIsZero':
    'Ein Auftrag braucht jemanden, der urteilt. | Laden Sie die Seite neu.',
  'contract.JobEscrow_ExpiryTooLong': 'Die Frist liegt zu weit voraus. | Laden Sie die Seite neu.',
  'contract.JobEscrow_ExpiryTooShort':
    'Die Frist lässt zu wenig Zeit für Arbeit und Prüfung. | Versuchen Sie es erneut und bestätigen Sie schneller.',
  'contract.JobEscrow_FeeNotCurrent':
    'Die Gebühr dieser Bedingungen gilt nicht mehr. | Laden Sie die Seite neu.',
  'contract.JobEscrow_FeeTooHigh':
    'Die Gebühr liegt über der Grenze des Vertrags. | Wählen Sie eine kleinere.',
  'contract.JobEscrow_HookGasTooLow':
    'Die Transaktion trägt zu wenig Gas. | Erhöhen Sie die Gasgrenze in der Wallet.',
  'contract.JobEscrow_HookLacksInterface':
    'Dieser Hook ist nicht brauchbar. | Nehmen Sie Bedingungen ohne ihn.',
  'contract.JobEscrow_HookNotAllowed':
    'Dieser Hook ist hier nicht erlaubt. | Nehmen Sie Bedingungen ohne ihn.',
  'contract.JobEscrow_HookRefused':
    'Der Hook dieses Auftrags hat abgelehnt. | Fragen Sie, wer ihn gesetzt hat.',
  'contract.JobEscrow_NoCredit':
    'In der Treuhand wartet nichts auf Sie. | Vielleicht wurde es schon ausgezahlt.',
  'contract.JobEscrow_NoHousePolicy':
    'Für diesen Richter gibt es keine offenen Bedingungen. | Wählen Sie einen gelisteten Agenten.',
  'contract.JobEscrow_NotClient': 'Das darf nur der Auftraggeber. | Verbinden Sie die Wallet {client}.',
  'contract.JobEscrow_NotEvaluator':
    'Das darf nur, wer über den Auftrag urteilt. | Warten Sie auf das Urteil.',
  'contract.JobEscrow_NotHook': 'Nur das Regelwerk des Auftrags darf ihn weitergeben. | Fragen Sie dort.',
  'contract.JobEscrow_NotHouseJob':
    'Über diesen Auftrag urteilt nicht das Orakel dieses Marktes. | Gehen Sie den Weg seines Richters.',
  'contract.JobEscrow_NotHousePolicy':
    'Diese Bedingungen sind nicht die dieses Marktes. | Wählen Sie einen gelisteten Agenten.',
  'contract.JobEscrow_NotProvider':
    'Das darf nur der Agent dieses Auftrags. | Verbinden Sie die Wallet {provider}.',
  'contract.JobEscrow_PassMarkOutOfRange':
    'Die nötige Punktzahl muss zwischen {min} und {max} liegen. | Wählen Sie eine andere.',
  'contract.JobEscrow_PolicyIsCurrent':
    'Diese Bedingungen gelten noch und bleiben offen. | Es ist nichts zu tun.',
  'contract.JobEscrow_PolicyIsRetired':
    'Diese Bedingungen nehmen keine Aufträge mehr an. | Bitten Sie den Agenten, sein Angebot zu erneuern.',
  'contract.JobEscrow_ProviderAlreadySet':
    'Dieser Auftrag hat schon einen Agenten. | Öffnen Sie einen neuen Auftrag.',
  'contract.JobEscrow_ProviderIsZero': 'Dieser Auftrag hat noch keinen Agenten. | Nennen Sie zuerst einen.',
  'contract.JobEscrow_ProviderRefused':
    'Diese Adresse kann kein Agent sein. | Wählen Sie einen anderen Agenten.',
  'contract.JobEscrow_ShareTooHigh':
    'Der Anteil der Prüfer liegt über der Grenze. | Wählen Sie einen kleineren.',
  'contract.JobEscrow_SignatureInvalid':
    'Eine Unterschrift ist nicht von {signer}. | Unterschreiben Sie mit dieser Wallet.',
  'contract.JobEscrow_SplitTooBig':
    'Die Teilung ist größer als der Lohn. | Einigen Sie sich auf höchstens {budget}.',
  'contract.JobEscrow_TokenNotAllowed':
    'Diese Währung wird hier nicht genommen. | Zahlen Sie in der Währung des Marktes.',
  'contract.JobEscrow_TooEarly': 'Dafür ist es zu früh. | Warten Sie auf die Frist, die auf der Seite steht.',
  'contract.JobEscrow_TooManyPolicies': 'Mehr Bedingungen passen nicht hinein. | Nehmen Sie vorhandene.',
  'contract.JobEscrow_UnexpectedReceipt':
    'Es kam nicht der ganze Betrag an. | Mit dieser Währung lässt sich nicht zahlen.',
  'contract.JobEscrow_UnknownJob': 'Es gibt keinen Auftrag {jobId}. | Prüfen Sie die Nummer.',
  'contract.JobEscrow_UnknownPolicy': 'Es gibt keine Bedingungen {policyId}. | Laden Sie die Seite neu.',
  'contract.JobEscrow_WindowOutOfRange':
    'Eine Frist der Bedingungen liegt außerhalb der Grenzen. | Wählen Sie eine andere.',
  'contract.JobEscrow_WrongStatus':
    'Der Auftrag ist inzwischen weiter. | Laden Sie die Seite neu, um zu sehen, was jetzt geht.',
  'contract.OwnableInvalidOwner': 'Diese Adresse taugt nicht als Eigentümer. | Prüfen Sie die Adresse.',
  'contract.OwnableUnauthorizedAccount':
    'Das darf nur der Eigentümer des Vertrags. | Verbinden Sie seine Wallet.',
  'contract.ReentrancyGuardReentrantCall':
    'Der Vertrag ist gerade beschäftigt. | Versuchen Sie es noch einmal.',
  'contract.SafeERC20FailedOperation': 'Die Zahlung wurde abgelehnt. | Prüfen Sie Ihr Guthaben.',

  'contract.ResultOracle_AlreadyPosted': 'Das Urteil steht schon auf der Chain. | Laden Sie die Seite neu.',
  'contract.ResultOracle_AlreadyDisputed':
    'Über diesen Auftrag wird schon gestritten. | Warten Sie auf die Entscheidung.',
  'contract.ResultOracle_DeskIsZero': 'Die Streitstelle fehlt. | Prüfen Sie die Einrichtung.',
  'contract.ResultOracle_NotDesk': 'Das darf nur die Streitstelle. | Eröffnen Sie dort einen Streit.',
  'contract.ResultOracle_NotDisputable':
    'Dieser Auftrag kann jetzt nicht bestritten werden. | Bestreiten Sie ihn nach dem Urteil, solange die Prüffrist läuft.',
  'contract.ResultOracle_NotDisputed': 'Über diesen Auftrag wird nicht gestritten. | Rechnen Sie ihn ab.',
  'contract.ResultOracle_EscrowIsZero': 'Die Treuhand fehlt. | Prüfen Sie die Einrichtung.',
  'contract.ResultOracle_GasTooLow':
    'Die Transaktion trägt zu wenig Gas. | Erhöhen Sie die Gasgrenze in der Wallet.',
  'contract.ResultOracle_LengthMismatch':
    'Urteile und Unterschriften passen nicht zusammen. | Senden Sie je Urteil eine Liste.',
  'contract.ResultOracle_NotHouseJob': 'Über diesen Auftrag urteilt jemand anderes. | Fragen Sie dort.',
  'contract.ResultOracle_RowsIncomplete':
    'Der Stapel hat {words} Wörter, nicht drei je Urteil. | Senden Sie ganze Zeilen.',
  'contract.ResultOracle_NotReporter': '{signer} ist kein Prüfer. | Nehmen Sie Unterschriften der Prüfer.',
  'contract.ResultOracle_NotSubmitted':
    'Für diesen Auftrag ist nichts geliefert. | Warten Sie auf die Lieferung.',
  'contract.ResultOracle_EpochTooYoung': 'Die Prüfer wechselten vor Kurzem. | Versuchen Sie es später.',
  'contract.ResultOracle_StakeIsZero': 'Der Einsatz der Prüfer fehlt. | Prüfen Sie die Einrichtung.',
  'contract.ResultOracle_UnknownEpoch': 'Prüfer mit der Nummer {epoch} gibt es nicht. | Nennen Sie frühere.',
  'contract.SignerCode_NotStored': 'Die Liste der Prüfer wurde nicht geschrieben. | Senden Sie mehr Gas.',
  'contract.ResultOracle_QuorumOutOfRange':
    'Die Zahl der nötigen Unterschriften passt nicht. | Wählen Sie eine Mehrheit.',
  'contract.ResultOracle_ReporterSetInvalid': 'Die Liste der Prüfer ist ungültig. | Nennen Sie jeden einmal.',
  'contract.ResultOracle_ScoreTooHigh': 'Höchstens {max} Punkte sind möglich. | Senden Sie weniger.',
  'contract.ResultOracle_SignatureInvalid':
    'Die Unterschrift eines Prüfers ist ungültig. | Holen Sie sie neu.',
  'contract.ResultOracle_SignersNotAscending':
    'Die Unterschriften sind nicht geordnet. | Sortieren Sie nach Adresse.',
  'contract.ResultOracle_TooFewSignatures':
    'Erst {count} von {quorum} nötigen Unterschriften sind da. | Warten Sie auf weitere Prüfer.',
  'contract.ResultOracle_TooManyReporters': 'Es sind mehr als {max} Prüfer. | Nennen Sie weniger.',
  'contract.ResultOracle_VerdictTooLate':
    'Die Zeit für ein Urteil ist vorbei. | Rechnen Sie ab: Ohne Urteil wird der Agent bezahlt.',
  'contract.ResultOracle_WrongEpoch': 'Das Urteil gehört zu anderen Prüfern. | Holen Sie es neu.',
  'contract.ResultOracle_WrongSubmission': 'Das Urteil gilt einer anderen Lieferung. | Holen Sie es neu.',

  'contract.ServiceListings_AgentIdTooBig': 'Die Nummer dieses Agenten ist zu groß. | Prüfen Sie die Nummer.',
  'contract.ServiceListings_BoundsOutOfOrder':
    'Die Grenzen {floor} und {ceiling} passen nicht zusammen. | Nennen Sie die untere zuerst, für einen festen Preis keine.',
  'contract.ServiceListings_ListingIsClosed': 'Dieses Angebot ist geschlossen. | Wählen Sie ein anderes.',
  'contract.ServiceListings_NotAgentsOwner':
    'Das darf nur der Eigentümer von Agent {agentId}. | Verbinden Sie die Wallet des Eigentümers.',
  'contract.ServiceListings_NotAgentsWallet':
    'Nur die Wallet des Agenten {agentId} darf diesen Preis bewegen. | Verbinden Sie sie.',
  'contract.ServiceListings_NotDynamic':
    'Der Preis des Angebots {listingId} ist kein beweglicher. | Lassen Sie ihn vom Eigentümer ändern.',
  'contract.ServiceListings_PolicyNotOpen':
    'Diese Bedingungen nehmen keine Aufträge an. | Nehmen Sie offene Bedingungen.',
  'contract.ServiceListings_PriceIsZero':
    'Ein Angebot braucht einen Preis über null. | Nennen Sie einen Preis.',
  'contract.ServiceListings_PriceOutOfBounds':
    'Der Preis muss von {floor} bis {ceiling} gehen. | Nennen Sie einen in diesen Grenzen.',
  'contract.ServiceListings_ServiceTypeIsEmpty': 'Ein Angebot braucht eine Leistung. | Nennen Sie eine.',
  'contract.ServiceListings_TooManyServiceTypes':
    'Mehr Arten von Leistungen passen nicht. | Nehmen Sie eine vorhandene.',
  'contract.ServiceListings_UnknownListing': 'Es gibt kein Angebot {listingId}. | Wählen Sie ein anderes.',
  'contract.ServiceListings_UriTooLong':
    'Die Adresse der Beschreibung ist zu lang. | Nehmen Sie eine kürzere.',
  'contract.ServiceListings_WorkSecondsOutOfRange':
    'Die Arbeitszeit liegt außerhalb der Grenzen. | Wählen Sie {min} bis {max} Sekunden.',

  'contract.ECDSAInvalidSignature': 'Die Unterschrift ist ungültig. | Unterschreiben Sie neu.',
  'contract.ECDSAInvalidSignatureLength':
    'Die Unterschrift hat eine falsche Länge. | Unterschreiben Sie neu.',
  'contract.ECDSAInvalidSignatureS':
    'Die Form der Unterschrift wird nicht angenommen. | Unterschreiben Sie neu.',
  'contract.ERC20InsufficientAllowance':
    'Die Treuhand darf nur {allowance} einziehen, nötig sind {needed}. | Erlauben Sie die Zahlung neu.',
  'contract.ERC20InsufficientBalance':
    'Sie haben {balance}, nötig sind {needed}. | Beschaffen Sie mehr und versuchen Sie es wieder.',
  'contract.ERC20InvalidApprover': 'Diese Wallet kann keine Zahlungen erlauben. | Nehmen Sie eine andere.',
  'contract.ERC20InvalidReceiver': 'Der Empfänger ist keine gültige Adresse. | Prüfen Sie die Adresse.',
  'contract.ERC20InvalidSender': 'Der Absender ist keine gültige Adresse. | Prüfen Sie die Adresse.',
  'contract.ERC20InvalidSpender': 'Der Einziehende ist keine gültige Adresse. | Prüfen Sie die Adresse.',
  'contract.ERC2612ExpiredSignature':
    'Die unterschriebene Erlaubnis ist abgelaufen. | Unterschreiben Sie neu.',
  'contract.ERC2612InvalidSigner':
    'Die Erlaubnis ist von einer anderen Wallet. | Unterschreiben Sie mit der des Eigentümers.',
  'contract.InvalidAccountNonce':
    'Die Unterschrift ist verbraucht oder nicht an der Reihe. | Unterschreiben Sie neu.',
  'contract.InvalidShortString': 'Ein Text des Vertrags ist nicht lesbar. | Laden Sie die Seite neu.',
  'contract.StringTooLong': 'Ein Text ist zu lang für den Vertrag. | Kürzen Sie ihn.',
  'contract.TestDollar_AuthorizationExpired':
    'Die unterschriebene Zahlung ist abgelaufen. | Unterschreiben Sie neu.',
  'contract.TestDollar_AuthorizationNotYetValid':
    'Die unterschriebene Zahlung gilt noch nicht. | Warten Sie einen Moment.',
  'contract.TestDollar_AuthorizationSignatureInvalid':
    'Die Zahlung ist nicht von {authorizer}. | Unterschreiben Sie mit dieser Wallet.',
  'contract.TestDollar_AuthorizationSpent':
    'Die unterschriebene Zahlung ist verbraucht. | Unterschreiben Sie eine neue.',
  'contract.TestDollar_CallerIsNotPayee':
    'Nur der Empfänger darf diese Zahlung einziehen. | Verbinden Sie seine Wallet.',
  'contract.TestDollar_MintTooBig': 'Höchstens {max} gehen auf einmal. | Nehmen Sie weniger.',
};
