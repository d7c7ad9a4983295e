/** A job's way as four stations, each done, current, ahead or ended badly; pure, so that a table can test it. */
import type { Job } from '../../lib/job';

export type StationName = 'funded' | 'delivered' | 'checked' | 'paid';
export type Station = {
  name: StationName;
  state: 'done' | 'current' | 'ahead' | 'failed';
  at: number | undefined;
  /** The moment by which this station must be reached, while it is current. */
  due: number | undefined;
};

export function stationsOf(job: Job, verdictSeconds: number, passMark: number): Station[] {
  const isOver = job.status === 'rejected' || job.status === 'expired';
  const isPaid = job.status === 'completed';
  const isDelivered = job.submittedAt !== undefined;
  const verdictDue = isDelivered && job.submittedAt ? job.submittedAt + verdictSeconds : undefined;
  const isRefunded = isOver && !isPaid;
  const stations: Station[] = [
    { name: 'funded', state: job.status === 'open' ? 'current' : 'done', at: job.createdAt, due: undefined },
    {
      name: 'delivered',
      state: isDelivered ? 'done' : isOver ? 'failed' : job.status === 'funded' ? 'current' : 'ahead',
      at: job.submittedAt,
      due: job.status === 'funded' ? job.workBy : undefined,
    },
    {
      name: 'checked',
      state: job.verdict
        ? job.verdict.score >= passMark
          ? 'done'
          : 'failed'
        : job.status === 'submitted'
          ? 'current'
          : 'ahead',
      at: job.verdict?.postedAt,
      due: job.status === 'submitted' && !job.verdict ? verdictDue : undefined,
    },
    {
      name: 'paid',
      state: isPaid ? 'done' : isRefunded ? 'failed' : job.verdict ? 'current' : 'ahead',
      at: job.settledAt,
      due: job.status === 'submitted' && job.settleableAt > 0 ? job.settleableAt : undefined,
    },
  ];
  return job.isHouseJob ? stations : stations.filter((station) => station.name !== 'checked');
}
