import { CircleCheck, CircleDashed, LoaderCircle } from 'lucide-react';
import type { ReactNode } from 'react';
import { ActionButton } from '../../chain/action-button';
import { FaucetButton } from '../../chain/faucet-button';
import { usePurse } from '../../chain/money';
import { TxStatus } from '../../chain/tx-status';
import { useWallet } from '../../chain/wallet';
import { type MessageKey, t } from '../../i18n';
import type { ApiListing } from '../../lib/api';
import { type Address, getDeployment, LOCAL_CHAIN_ID } from '../../lib/deployment';
import { formatMoney } from '../../lib/format';
import { Notice } from '../../ui/states';
import type { useHire } from './use-hire';

/** Step 3: one button that is always the next thing to do, and the list of what will be signed. */
export function FundStep({
  listing,
  hire,
  missing,
  isReady,
  onHire,
  onMissing,
}: {
  listing: ApiListing;
  hire: ReturnType<typeof useHire>;
  /** What is asked for before a hire is possible; undefined when nothing is. */
  missing: MessageKey | undefined;
  isReady: boolean;
  onHire: (account: Address) => void;
  onMissing: () => void;
}) {
  const wallet = useWallet();
  const purse = usePurse(wallet.address);
  const price = BigInt(listing.price);
  const priceText = formatMoney(price, listing.decimals, listing.symbol);
  const isShort = purse.data !== undefined && purse.data.balance < price;
  const needsApproval = purse.data === undefined || purse.data.allowance < price;
  const { stage } = hire.state;

  return (
    <div className="grid gap-4">
      {purse.data && (
        <p className="text-small text-muted">
          {t('hire.balance', { balance: formatMoney(purse.data.balance, listing.decimals, listing.symbol) })}
        </p>
      )}
      {isShort && (
        <Notice
          tone="warn"
          title={t('hire.short', {
            missing: formatMoney(price - purse.data.balance, listing.decimals, listing.symbol),
          })}
        >
          {getDeployment().chainId === LOCAL_CHAIN_ID ? (
            <div className="mt-2">
              <FaucetButton />
            </div>
          ) : (
            t('hire.short.mend', { symbol: listing.symbol })
          )}
        </Notice>
      )}
      {wallet.address && (
        <ol className="grid gap-2 text-small">
          <Line
            isDone={hire.phase === 'approving' || hire.phase === 'hiring'}
            isActive={hire.phase === 'storing'}
          >
            {t('hire.do.store')}
          </Line>
          <Line isDone={!needsApproval} isActive={hire.phase === 'approving'}>
            {t(needsApproval ? 'hire.do.approve' : 'hire.do.approved', { price: priceText })}
          </Line>
          <Line isDone={stage === 'confirmed' && hire.phase === 'hiring'} isActive={hire.phase === 'hiring'}>
            {t('hire.do.hire', { price: priceText })}
          </Line>
        </ol>
      )}
      {hire.fault && (
        <Notice tone="bad" role="alert" title={hire.fault.sentence}>
          {hire.fault.mend}
        </Notice>
      )}
      <TxStatus state={hire.state} onDismiss={hire.dismiss} />
      <div className="grid justify-items-start gap-2">
        <ActionButton
          connectKey="hire.connect"
          isBusy={hire.isBusy}
          isDisabled={!missing && (isShort || !isReady)}
          onAct={missing ? onMissing : onHire}
        >
          {hire.isBusy
            ? t(`hire.phase.${hire.phase}`)
            : missing
              ? t(missing)
              : t('hire.button', { price: priceText })}
        </ActionButton>
      </div>
    </div>
  );
}

function Line({ isDone, isActive, children }: { isDone: boolean; isActive: boolean; children: ReactNode }) {
  const Icon = isActive ? LoaderCircle : isDone ? CircleCheck : CircleDashed;
  return (
    <li className="flex items-start gap-2">
      <Icon
        aria-hidden
        className={`mt-px size-[18px] shrink-0 ${
          isActive
            ? 'animate-spin text-accent motion-reduce:animate-none'
            : isDone
              ? 'text-good'
              : 'text-muted'
        }`}
      />
      <span className={isActive ? 'font-medium' : ''}>{children}</span>
    </li>
  );
}
