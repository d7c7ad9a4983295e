import clsx from 'clsx';
import { t } from '../i18n';
import { networkName } from '../lib/deployment';
import { formatDuration, formatNumber } from '../lib/format';
import { headStore, streamStore, useChainNow } from '../lib/live';
import { useStore } from '../lib/store';

const STALE_AFTER_SECONDS = 60;

/** Which network, which block, and how old it is; a dot says whether it still moves. */
export function Freshness({ isLong = false }: { isLong?: boolean }) {
  const head = useStore(headStore);
  const stream = useStore(streamStore);
  useChainNow();
  const age = head ? Math.max(0, Math.floor((performance.now() - head.receivedAtMs) / 1000)) : undefined;
  const isFresh = age !== undefined && age < STALE_AFTER_SECONDS && stream !== 'down';
  const block = head ? t('freshness.block', { block: formatNumber(head.block) }) : t('freshness.waiting');
  return (
    <span className="inline-flex items-center gap-2 text-small whitespace-nowrap text-muted">
      <span
        aria-hidden
        className={clsx('size-2 rounded-full', isFresh ? 'bg-good' : 'border border-warn bg-transparent')}
      />
      <span>
        {networkName()}
        {isLong && (
          <>
            {' · '}
            {block}
            {age !== undefined && ` · ${t('time.ago', { duration: formatDuration(age) })}`}
          </>
        )}
      </span>
    </span>
  );
}
