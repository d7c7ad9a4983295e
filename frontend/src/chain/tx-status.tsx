import { t } from '../i18n';
import { Notice } from '../ui/states';
import { Code } from '../ui/values';
import type { SendState } from './send';

/** Where a transaction is, in words, announced as it moves. Draws nothing before it starts. */
export function TxStatus({ state, onDismiss }: { state: SendState; onDismiss: () => void }) {
  return (
    <div aria-live="polite" className="empty:hidden" data-tx={state.stage}>
      {state.stage !== 'idle' && <Shown state={state} onDismiss={onDismiss} />}
    </div>
  );
}

function Shown({ state, onDismiss }: { state: SendState; onDismiss: () => void }) {
  if (state.stage === 'idle') return null;
  const dismiss = (
    <button type="button" className="link mt-1" onClick={onDismiss}>
      {t('common.dismiss')}
    </button>
  );
  if (state.stage === 'checking') return <Notice title={t('tx.checking')} />;
  if (state.stage === 'signing') return <Notice title={t('tx.signing')}>{t('tx.signing.text')}</Notice>;
  if (state.stage === 'rejected' || state.stage === 'refused')
    return (
      <Notice tone={state.stage === 'rejected' ? 'warn' : 'bad'} title={state.error.sentence}>
        {state.error.mend && <p>{state.error.mend}</p>}
        {dismiss}
      </Notice>
    );
  const hash = <Code value={state.hash} label={t('tx.hash')} />;
  if (state.stage === 'pending') return <Notice title={t('tx.pending')}>{hash}</Notice>;
  if (state.stage === 'slow')
    return (
      <Notice tone="warn" title={t('tx.slow')}>
        <p>{t('tx.slow.text')}</p>
        {hash}
      </Notice>
    );
  if (state.stage === 'confirmed')
    return (
      <Notice tone="good" title={t('tx.confirmed', { block: state.receipt.blockNumber.toString() })}>
        {hash}
      </Notice>
    );
  if (state.stage === 'reverted')
    return (
      <Notice tone="bad" title={t('tx.reverted')}>
        <p>
          {state.error.sentence} {state.error.mend}
        </p>
        {hash}
        <div>{dismiss}</div>
      </Notice>
    );
  return (
    <Notice tone="warn" title={t(state.stage === 'cancelled' ? 'tx.cancelled' : 'tx.replaced')}>
      {hash}
      <div>{dismiss}</div>
    </Notice>
  );
}
