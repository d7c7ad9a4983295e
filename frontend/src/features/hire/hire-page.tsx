import { useQuery } from '@tanstack/react-query';
import { Check } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link, useLocation } from 'wouter';
import '../../i18n/chain-words';
import { usePolicy } from '../../chain/policy';
import { t } from '../../i18n';
import { type ApiAgent, type ApiListing, apiGet } from '../../lib/api';
import { useSearchState } from '../../lib/search';
import { serviceName } from '../../lib/service-name';
import { ButtonLink } from '../../ui/button';
import { Page } from '../../ui/page';
import { Empty, Failed, LoadingRows } from '../../ui/states';
import { FundStep } from './fund-step';
import type { Picture } from './picture';
import { PICTURE_INPUT, PictureStep } from './picture-step';
import { Quote } from './quote';
import { useHire } from './use-hire';

const SPEC = { listing: 'text' } as const;

/** `onHiring` is called when a hire begins, so that the page it leads to can be fetched meanwhile. */
export default function HirePage({ agentId, onHiring }: { agentId: string; onHiring: () => void }) {
  const [{ listing: wanted }] = useSearchState(SPEC);
  const agent = useQuery({
    queryKey: ['agent', agentId],
    queryFn: ({ signal }) => apiGet<ApiAgent>(`/registry/agents/${encodeURIComponent(agentId)}`, {}, signal),
  });
  const offers = agent.data?.listings.filter((listing) => listing.is_available) ?? [];
  const listing = offers.find((offer) => offer.listing_id === wanted) ?? offers[0];
  const name = agent.data?.name || t('agent.unnamed', { id: agentId });
  return (
    <Page
      title={t('hire.title', { name })}
      intro={
        agent.data && (
          <>
            {listing ? `${serviceName(listing.service_type)} · ` : ''}
            <Link href={`/agents/${agentId}`} className="link">
              {t('hire.about')}
            </Link>
          </>
        )
      }
    >
      {agent.isPending ? (
        <LoadingRows count={3} height="h-40" />
      ) : agent.isError ? (
        <Failed error={agent.error} onRetry={() => void agent.refetch()} />
      ) : listing ? (
        <HireForm listing={listing} onHiring={onHiring} />
      ) : (
        <Empty title={t('hire.none.title')} action={<ButtonLink href="/">{t('hire.none.back')}</ButtonLink>}>
          {t('hire.none.text')}
        </Empty>
      )}
    </Page>
  );
}

function HireForm({ listing, onHiring }: { listing: ApiListing; onHiring: () => void }) {
  const [picture, setPicture] = useState<Picture>();
  const [note, setNote] = useState('');
  const [, navigate] = useLocation();
  const policy = usePolicy(listing.policy_id);
  const hire = useHire((jobId) => navigate(`/jobs/${jobId}`));
  return (
    <ol className="grid gap-8">
      <Step number={1} title={t('hire.step.picture')} isDone={picture !== undefined}>
        <PictureStep
          picture={picture}
          note={note}
          onPicture={setPicture}
          onNote={setNote}
          isLocked={hire.isBusy}
        />
      </Step>
      <Step number={2} title={t('hire.step.quote')} isDone={picture !== undefined && policy.isSuccess}>
        {policy.isError ? (
          <Failed error={policy.error} onRetry={() => void policy.refetch()} />
        ) : policy.data ? (
          <Quote listing={listing} policy={policy.data} />
        ) : (
          <LoadingRows count={1} height="h-56" />
        )}
      </Step>
      <Step number={3} title={t('hire.step.fund')}>
        <FundStep
          listing={listing}
          hire={hire}
          picture={picture}
          onHire={(account) => {
            if (!picture || !policy.data) return;
            onHiring();
            void hire.start(account, { listing, tailSeconds: policy.data.tailSeconds, picture, note });
          }}
          isReady={policy.isSuccess}
          onMissingPicture={() => document.getElementById(PICTURE_INPUT)?.focus()}
        />
      </Step>
    </ol>
  );
}

function Step({
  number,
  title,
  isDone = false,
  children,
}: {
  number: number;
  title: string;
  isDone?: boolean;
  children: ReactNode;
}) {
  return (
    <li className="grid gap-3">
      <h2 className="flex items-center gap-2.5">
        <span
          aria-hidden
          className={`grid size-6 place-items-center rounded-full text-[13px] ${
            isDone ? 'bg-good-soft text-good' : 'bg-raised text-ink'
          }`}
        >
          {isDone ? <Check className="size-3.5" /> : number}
        </span>
        {title}
      </h2>
      <div className="sm:pl-[34px]">{children}</div>
    </li>
  );
}
