import { Ban, CircleAlert, CircleCheck, Hourglass, Replace } from 'lucide-react';
import { Link } from 'wouter';
import '../../i18n/chain-words';
import { useWallet } from '../../chain/wallet';
import { t } from '../../i18n';
import { generationOf, newestGeneration } from '../../lib/deployment';
import { formatMoney, isSameAddress } from '../../lib/format';
import { chainNow } from '../../lib/live';
import {
  clearEnded,
  jobOf,
  type TxRecord,
  type TxState,
  updateTransaction,
  useTransactions,
} from '../../lib/transactions';
import { Button, ButtonLink } from '../../ui/button';
import { Page } from '../../ui/page';
import { Empty } from '../../ui/states';
import { Ago, Code } from '../../ui/values';

const SLOW_SECONDS = 45;

const LOOKS: Record<TxState, readonly [typeof CircleCheck, string]> = {
  pending: [Hourglass, 'text-accent'],
  confirmed: [CircleCheck, 'text-good'],
  reverted: [CircleAlert, 'text-bad'],
  cancelled: [Ban, 'text-warn'],
  replaced: [Replace, 'text-warn'],
  dismissed: [Ban, 'text-muted'],
};

export default function ActivityPage() {
  const wallet = useWallet();
  const all = useTransactions();
  const mine = wallet.address ? all.filter((item) => isSameAddress(item.from, wallet.address)) : all;
  return (
    <Page
      title={t('activity.title')}
      intro={t('activity.intro')}
      aside={
        mine.some((item) => item.state !== 'pending') && (
          <Button variant="quiet" size="small" onClick={clearEnded}>
            {t('activity.clear')}
          </Button>
        )
      }
    >
      {mine.length === 0 ? (
        <Empty
          icon={<Hourglass aria-hidden />}
          title={t('activity.none.title')}
          action={<ButtonLink href="/">{t('jobs.none.action')}</ButtonLink>}
        >
          {t('activity.none.text')}
        </Empty>
      ) : (
        <ul className="card divide-y divide-line" data-transactions>
          {mine.map((item) => (
            <Row key={item.hash} item={item} />
          ))}
        </ul>
      )}
    </Page>
  );
}

function Row({ item }: { item: TxRecord }) {
  const [Icon, colour] = LOOKS[item.state];
  const { decimals, symbol } = (generationOf(item.escrow) ?? newestGeneration()).token;
  const job = jobOf(item);
  const isSlow = item.state === 'pending' && chainNow() - item.sentAt > SLOW_SECONDS;
  return (
    <li className="grid grid-cols-[1.25rem_1fr_auto] gap-x-3 gap-y-0.5 px-4 py-3" data-state={item.state}>
      <Icon aria-hidden className={`mt-0.5 size-[18px] ${colour}`} />
      <p className="font-medium">
        {t(`txKind.${item.kind}`, {
          amount: item.amount ? formatMoney(BigInt(item.amount), decimals, symbol) : '',
        })}
        {job && (
          <>
            {' · '}
            <Link href={`/jobs/${job.reference}`} className="link font-normal">
              {t('job.title', { id: job.reference })}
            </Link>
          </>
        )}
      </p>
      <span className="text-small text-muted">
        <Ago at={item.sentAt} />
      </span>
      <p className="col-start-2 text-small text-muted">
        {t(`txState.${item.state}`, { block: item.block ?? '' })}{' '}
        <Code value={item.replacedBy ?? item.hash} label={t('tx.hash')} />
      </p>
      {isSlow && (
        <p className="col-start-2 text-small">
          {t('activity.slow')}{' '}
          <button
            type="button"
            className="link"
            onClick={() => updateTransaction(item.hash, { state: 'dismissed' })}
          >
            {t('activity.dismiss')}
          </button>
        </p>
      )}
    </li>
  );
}
