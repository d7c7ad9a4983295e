import { useQuery } from '@tanstack/react-query';
import { Check } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { Link, useLocation } from 'wouter';
import '../../i18n/chain-words';
import { usePolicy } from '../../chain/policy';
import { type MessageKey, t } from '../../i18n';
import { type ApiAgent, type ApiListing, apiGet } from '../../lib/api';
import { newestGeneration } from '../../lib/deployment';
import { useSearchState } from '../../lib/search';
import { serviceName } from '../../lib/service-name';
import { ButtonLink } from '../../ui/button';
import { Page } from '../../ui/page';
import { Empty, Failed, LoadingRows } from '../../ui/states';
import type { Document } from './document';
import { FundStep } from './fund-step';
import { CHOICES, type InputKind, inputKindOf } from './kinds';
import type { Picture } from './picture';
import { FILE_INPUT, PictureStep } from './picture-step';
import { Quote } from './quote';
import { useHire } from './use-hire';

const DocumentStep = lazy(() => import('./document-step'));
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
  const service = listing.service_type;
  const choice = CHOICES[service];
  const [picture, setPicture] = useState<Picture>();
  const [document, setDocument] = useState<Document>();
  const [told, setTold] = useState(choice?.initial ?? '');
  const [note, setNote] = useState('');
  const [, navigate] = useLocation();
  const policy = usePolicy(newestGeneration(), listing.policy_id);
  const hire = useHire((job) => navigate(`/jobs/${job.reference}`));
  const input = choice ? document : picture;
  const settings = choice ? choice.read(told) : {};
  const missing = missingOf(inputKindOf(service), input !== undefined, settings !== undefined);
  return (
    <ol className="grid gap-8">
      <Step number={1} title={t(choice ? 'hire.step.document' : 'hire.step.picture')} isDone={!missing}>
        {choice ? (
          <Suspense fallback={<LoadingRows count={1} height="h-56" />}>
            <DocumentStep
              inputId={FILE_INPUT}
              document={document}
              choice={choice}
              told={told}
              note={note}
              onDocument={setDocument}
              onTold={setTold}
              onNote={setNote}
              isLocked={hire.isBusy}
            />
          </Suspense>
        ) : (
          <PictureStep
            picture={picture}
            note={note}
            onPicture={setPicture}
            onNote={setNote}
            isLocked={hire.isBusy}
          />
        )}
      </Step>
      <Step number={2} title={t('hire.step.quote')} isDone={!missing && policy.isSuccess}>
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
          missing={missing}
          onHire={(account) => {
            if (!input || !settings || !policy.data) return;
            onHiring();
            const { tailSeconds } = policy.data;
            void hire.start(account, { listing, tailSeconds, input, settings, note });
          }}
          isReady={policy.isSuccess}
          onMissing={() => window.document.getElementById(FILE_INPUT)?.focus()}
        />
      </Step>
    </ol>
  );
}

/** The first thing that is still wanted of the client. */
function missingOf(kind: InputKind, hasInput: boolean, hasSettings: boolean): MessageKey | undefined {
  if (!hasInput) return kind === 'document' ? 'hire.missing.document' : 'hire.missing.picture';
  return hasSettings ? undefined : 'hire.missing.choice';
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
