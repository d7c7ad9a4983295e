import { ActionButton } from '../../chain/action-button';
import { actionCall } from '../../chain/calls';
import { TxStatus } from '../../chain/tx-status';
import { useSend } from '../../chain/use-send';
import { useWallet } from '../../chain/wallet';
import { type MessageKey, t } from '../../i18n';
import { feeDown, formatMoney } from '../../lib/format';
import { ENDED, type Job } from '../../lib/job';
import { useChainNow } from '../../lib/live';
import { type ActionFacts, allowedActions, type JobAction, roleOf } from '../../lib/roles';

export function factsOf(job: Job, now: number): ActionFacts {
  const { isHouseJob, status: state, workBy, expiredAt, settleableAt } = job;
  return { state, isHouseJob, workBy, expiredAt, settleableAt, now };
}

/** What this person can do now, with a sentence about the money before each button. */
export function Actions({ job, feeBps, passMark }: { job: Job; feeBps: number; passMark: number }) {
  const wallet = useWallet();
  const now = useChainNow();
  const { state, isBusy, run, reset } = useSend();
  const role = roleOf(wallet.address, job);
  const actions = allowedActions(role, factsOf(job, now));
  const { decimals, symbol } = job.name.generation.token;
  const params = {
    budget: formatMoney(job.budget, decimals, symbol),
    pay: formatMoney(job.budget - feeDown(job.budget, feeBps), decimals, symbol),
  };
  const isFailing = job.verdict !== undefined && job.verdict.score < passMark;
  const visitor = !wallet.address && !ENDED.has(job.status);
  if (actions.length === 0 && !visitor && state.stage === 'idle') return null;
  return (
    <section className="card grid gap-4 p-4" aria-label={t('actions.title')} data-actions={actions.join(' ')}>
      {actions.map((action, index) => (
        <div key={action} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
          <p className="max-w-md text-small">{t(sentenceOf(action, role === 'client', isFailing), params)}</p>
          <ActionButton
            connectKey="actions.connect"
            variant={index === 0 && !(action === 'accept' && isFailing) ? 'primary' : 'secondary'}
            isLarge={index === 0}
            isBusy={isBusy}
            onAct={(account) => void run(account, actionCall(action, job.name))}
          >
            {t(`action.${action}`)}
          </ActionButton>
        </div>
      ))}
      {actions.length === 0 && visitor && (
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
          <p className="max-w-md text-small text-muted">{t('actions.visitor')}</p>
          <ActionButton connectKey="actions.connect" isLarge={false} onAct={() => undefined}>
            {t('actions.connect')}
          </ActionButton>
        </div>
      )}
      <TxStatus state={state} onDismiss={reset} />
    </section>
  );
}

function sentenceOf(action: JobAction, isClient: boolean, isFailing: boolean): MessageKey {
  if (action === 'accept') return isFailing ? 'action.accept.failing' : 'action.accept.text';
  if (action === 'noShow') return isClient ? 'action.noShow.text' : 'action.noShow.other';
  return `action.${action}.text`;
}
