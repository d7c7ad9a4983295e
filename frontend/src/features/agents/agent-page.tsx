import { useQuery } from '@tanstack/react-query';
import { BadgeCheck, CircleOff } from 'lucide-react';
import { Link } from 'wouter';
import '../../i18n/chain-words';
import { usePurse } from '../../chain/money';
import { t, tn } from '../../i18n';
import { type ApiAgent, ApiError, type ApiListing, apiGet } from '../../lib/api';
import { getDeployment, newestGeneration } from '../../lib/deployment';
import { formatDate, formatDuration } from '../../lib/format';
import { jobIn } from '../../lib/job-name';
import { serviceName } from '../../lib/service-name';
import { ButtonLink } from '../../ui/button';
import { Facts, Page, Section } from '../../ui/page';
import { StatePill } from '../../ui/state-pill';
import { Empty, Failed, LoadingRows } from '../../ui/states';
import { Ago, Code, Money } from '../../ui/values';

export default function AgentPage({ agentId }: { agentId: string }) {
  const agent = useQuery({
    queryKey: ['agent', agentId],
    queryFn: ({ signal }) => apiGet<ApiAgent>(`/registry/agents/${encodeURIComponent(agentId)}`, {}, signal),
  });
  if (agent.data) return <Loaded agent={agent.data} />;
  const isUnknown = agent.error instanceof ApiError && [404, 422].includes(agent.error.status);
  return (
    <Page title={t('agent.unnamed', { id: agentId })}>
      {agent.isPending ? (
        <LoadingRows count={4} />
      ) : isUnknown ? (
        <Empty
          title={t('agent.unknown.title')}
          action={<ButtonLink href="/">{t('agent.unknown.back')}</ButtonLink>}
        >
          {t('agent.unknown.text')}
        </Empty>
      ) : (
        <Failed error={agent.error} onRetry={() => void agent.refetch()} />
      )}
    </Page>
  );
}

function Loaded({ agent }: { agent: ApiAgent }) {
  const name = agent.name || t('agent.unnamed', { id: agent.agent_id });
  const offer = agent.listings.find((listing) => listing.is_available);
  return (
    <Page
      title={name}
      isWide
      intro={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1 text-small">
          <span className="inline-flex items-center gap-1.5">
            {agent.is_active ? (
              <BadgeCheck aria-hidden className="size-4 text-good" />
            ) : (
              <CircleOff aria-hidden className="size-4 text-warn" />
            )}
            {t(agent.is_active ? 'agent.active' : 'agent.inactive')}
          </span>
          <span>{t('agent.since', { date: formatDate(agent.created_at) })}</span>
        </span>
      }
    >
      <div className="grid gap-8 lg:grid-cols-[1fr_18rem]">
        <div className="min-w-0">
          <Section title={t('agent.about')}>
            <p className="max-w-2xl whitespace-pre-line">{agent.description || t('agent.about.none')}</p>
          </Section>
          <Services agent={agent} />
          <RecentJobs agent={agent} />
          <Identity agent={agent} />
        </div>
        <aside className="max-lg:sticky max-lg:bottom-16 max-lg:z-10 max-sm:-mx-1">
          <HireCard agent={agent} offer={offer} />
        </aside>
      </div>
    </Page>
  );
}

function HireCard({ agent, offer }: { agent: ApiAgent; offer: ApiListing | undefined }) {
  return (
    <div className="card flex items-center justify-between gap-4 p-4 max-lg:shadow-lg lg:sticky lg:top-20 lg:grid">
      {offer ? (
        <>
          <div>
            <p className="text-small text-muted">{serviceName(offer.service_type)}</p>
            <Money
              units={BigInt(offer.price)}
              decimals={offer.decimals}
              symbol={offer.symbol}
              className="text-[20px] font-semibold tracking-tight"
            />
            <p className="text-small text-muted max-lg:hidden">
              {t('agents.within', { duration: formatDuration(offer.work_seconds) })}
            </p>
          </div>
          <ButtonLink
            href={`/agents/${agent.agent_id}/hire?listing=${offer.listing_id}`}
            variant="primary"
            size="large"
            className="lg:w-full"
          >
            {t('agents.hire')}
          </ButtonLink>
          <p className="text-small text-muted max-lg:hidden">{t('agent.hire.promise')}</p>
        </>
      ) : (
        <p className="text-small text-muted">{t('agent.hire.none')}</p>
      )}
    </div>
  );
}

function Services({ agent }: { agent: ApiAgent }) {
  return (
    <Section title={t('agent.services')}>
      {agent.listings.length === 0 ? (
        <p className="text-muted">{t('agent.services.none')}</p>
      ) : (
        <ul className="card divide-y divide-line">
          {agent.listings.map((listing) => (
            <li
              key={listing.listing_id}
              className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-3"
            >
              <div>
                <p className="font-medium">{serviceName(listing.service_type)}</p>
                <p className="text-small text-muted">
                  {t('agents.within', { duration: formatDuration(listing.work_seconds) })}
                  {' · '}
                  {t('agent.services.listing', { id: listing.listing_id })}
                </p>
              </div>
              <div className="flex items-center gap-4 max-sm:w-full max-sm:justify-between">
                <Money
                  units={BigInt(listing.price)}
                  decimals={listing.decimals}
                  symbol={listing.symbol}
                  className="font-medium"
                />
                {listing.is_available ? (
                  <ButtonLink href={`/agents/${agent.agent_id}/hire?listing=${listing.listing_id}`}>
                    {t('agents.hire')}
                  </ButtonLink>
                ) : (
                  <span className="text-small text-muted">{t('agents.unavailable')}</span>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
      <p className="mt-2 text-small text-muted">{t('agent.services.checked')}</p>
    </Section>
  );
}

function RecentJobs({ agent }: { agent: ApiAgent }) {
  const named = agent.jobs.flatMap((job) => {
    const name = jobIn(job.generation, job.job_id);
    return name ? [{ job, name }] : [];
  });
  const completed = agent.jobs.filter((job) => job.status === 'completed').length;
  return (
    <Section
      title={t('agent.jobs')}
      aside={
        agent.jobs.length > 0 && (
          <span className="text-small text-muted">
            {tn('agents.record', agent.jobs.length, { completed })}
          </span>
        )
      }
    >
      {agent.jobs.length === 0 ? (
        <p className="text-muted">{t('agent.jobs.none')}</p>
      ) : (
        <ul className="card divide-y divide-line">
          {named.map(({ job, name }) => (
            <li
              key={name.full}
              className="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1 px-4 py-2.5 sm:grid-cols-[6rem_1fr_8rem_7rem]"
            >
              <Link
                href={`/jobs/${name.reference}`}
                className="font-medium underline-offset-4 hover:underline"
              >
                {t('job.title', { id: name.reference })}
              </Link>
              <span className="max-sm:justify-self-end">
                <StatePill state={job.status} />
              </span>
              <span className="text-small text-muted">
                <Ago at={job.created_at} />
              </span>
              <Money
                units={BigInt(job.budget)}
                decimals={job.decimals}
                symbol={job.symbol}
                className="text-right text-small"
              />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Identity({ agent }: { agent: ApiAgent }) {
  const { contracts, token } = newestGeneration();
  const purse = usePurse(agent.wallet);
  const registry = `eip155:${getDeployment().chainId}:${contracts.AgentRegistry}`;
  return (
    <Section title={t('agent.identity')}>
      <Facts
        rows={[
          [t('agent.identity.id'), agent.agent_id],
          [
            t('agent.identity.registry'),
            <Code key="r" value={registry} label={t('agent.identity.registry')} isWhole />,
          ],
          [
            t('agent.identity.owner'),
            <Code key="o" value={agent.owner} label={t('agent.identity.owner')} isWhole />,
          ],
          [
            t('agent.identity.wallet'),
            <div key="w">
              <Code value={agent.wallet} label={t('agent.identity.wallet')} isWhole />
              {purse.data && (
                <p className="text-small text-muted" data-agent-balance>
                  {t('agent.identity.holds')}{' '}
                  <Money units={purse.data.balance} decimals={token.decimals} symbol={token.symbol} />
                </p>
              )}
            </div>,
          ],
          agent.uri !== '' && [
            t('agent.identity.uri'),
            <Code key="u" value={agent.uri} label={t('agent.identity.uri')} />,
          ],
        ]}
      />
    </Section>
  );
}
