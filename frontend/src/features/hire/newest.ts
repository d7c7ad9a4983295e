/** A tab may have been open since before the market moved: then it would lock pay in contracts that take no new jobs. */
import { t } from '../../i18n';
import { ApiError, apiGet } from '../../lib/api';
import { type DeploymentFacts, newestGeneration } from '../../lib/deployment';
import { isSameAddress } from '../../lib/format';

/** Rejects with an `ApiError` when the server, whose offer is being taken, works with newer contracts than this page. */
export async function requireNewest(): Promise<void> {
  const { contracts } = await apiGet<DeploymentFacts>('/deployment');
  if (isSameAddress(contracts.JobEscrow, newestGeneration().contracts.JobEscrow)) return;
  throw new ApiError(409, 'moved', t('hire.moved'), t('hire.moved.mend'));
}
