import { usePurse } from '../../chain/money';
import { t } from '../../i18n';
import type { Token } from '../../lib/deployment';
import { feeDown, formatPercentFromBps } from '../../lib/format';
import { ENDED, type Job, type Payout } from '../../lib/job';
import { Section } from '../../ui/page';
import { Code, Money } from '../../ui/values';

const KINDS = ['provider', 'client', 'treasury', 'reporters'];

/** The money line: what is held, what it will become; after the end, who got what and what the agent now has. */
export function MoneyPanel({ job, feeBps }: { job: Job; feeBps: number }) {
  const { generation } = job.name;
  const { token } = generation;
  const { decimals, symbol } = token;
  const agent = usePurse(job.provider, generation);
  const fee = feeDown(job.budget, feeBps);
  const isOver = ENDED.has(job.status);
  return (
    <Section title={t('money.title')}>
      <div className="card p-4">
        <p className="text-small text-muted">
          {t(isOver ? 'money.was' : job.status === 'open' ? 'money.agreed' : 'money.held')}
        </p>
        <p className="text-[20px] font-semibold tracking-tight">
          <Money units={job.budget} decimals={decimals} symbol={symbol} />
        </p>
        {isOver && job.payouts.length > 0 ? (
          <Payouts payouts={job.payouts} token={token} />
        ) : (
          !isOver && (
            <dl className="mt-3 grid grid-cols-[1fr_auto] gap-y-1 border-t border-line pt-3 text-small">
              <dt className="text-muted">{t('money.toAgent')}</dt>
              <dd>
                <Money units={job.budget - fee} decimals={decimals} symbol={symbol} />
              </dd>
              <dt className="text-muted">{t('money.fee', { share: formatPercentFromBps(feeBps) })}</dt>
              <dd>
                <Money units={fee} decimals={decimals} symbol={symbol} />
              </dd>
            </dl>
          )
        )}
        {!agent.isError && (
          <p className="mt-3 border-t border-line pt-3 text-small text-muted" data-agent-balance>
            {t('money.agentHolds')}{' '}
            {agent.data ? (
              <Money units={agent.data.balance} decimals={decimals} symbol={symbol} className="text-ink" />
            ) : (
              '…'
            )}
          </p>
        )}
      </div>
    </Section>
  );
}

const byKind = (a: Payout, b: Payout) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind);

function Payouts({ payouts, token: { decimals, symbol } }: { payouts: readonly Payout[]; token: Token }) {
  return (
    <ul className="mt-3 grid gap-1.5 border-t border-line pt-3 text-small" data-payouts>
      {[...payouts].sort(byKind).map((payout) => (
        <li key={`${payout.kind}-${payout.to}`} className="flex items-baseline justify-between gap-3">
          <span className="min-w-0">
            {KINDS.includes(payout.kind) ? t(`payout.${payout.kind as 'provider'}`) : payout.kind}
            <br />
            <span className="text-muted">
              <Code value={payout.to} label={t('wallet.address')} />
            </span>
          </span>
          <Money units={payout.amount} decimals={decimals} symbol={symbol} className="font-medium" />
        </li>
      ))}
    </ul>
  );
}
