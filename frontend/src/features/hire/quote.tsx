import type { Policy } from '../../chain/policy';
import { t } from '../../i18n';
import type { ApiListing } from '../../lib/api';
import { feeDown, formatClock, formatDuration, formatMoney, formatPercentFromBps } from '../../lib/format';
import { useChainNow } from '../../lib/live';
import { Facts } from '../../ui/page';
import { Money } from '../../ui/values';

/** Step 2: what it costs, when it is due, and the one sentence about the way back. */
export function Quote({ listing, policy }: { listing: ApiListing; policy: Policy }) {
  const now = useChainNow();
  const price = BigInt(listing.price);
  const fee = feeDown(price, policy.feeBps);
  const { decimals, symbol } = listing;
  return (
    <>
      <Facts
        rows={[
          [
            t('hire.quote.pay'),
            <Money key="p" units={price} decimals={decimals} symbol={symbol} className="font-semibold" />,
          ],
          [
            t('hire.quote.fee'),
            t('hire.quote.fee.text', {
              fee: formatMoney(fee, decimals, symbol),
              share: formatPercentFromBps(policy.feeBps),
              rest: formatMoney(price - fee, decimals, symbol),
            }),
          ],
          [
            t('hire.quote.due'),
            t('hire.quote.due.text', {
              duration: formatDuration(listing.work_seconds),
              time: formatClock(now + listing.work_seconds, now),
            }),
          ],
          [
            t('hire.quote.check'),
            t('hire.quote.check.text', {
              verdict: formatDuration(policy.verdictSeconds),
              mark: policy.passMark,
              review: formatDuration(policy.reviewSeconds),
            }),
          ],
        ]}
      />
      <p className="mt-3">
        {t('hire.quote.refund', { price: formatMoney(price, decimals, symbol), mark: policy.passMark })}
      </p>
    </>
  );
}
