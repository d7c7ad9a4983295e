import '../../i18n/chain-words';
import { usePolicy } from '../../chain/policy';
import { LANGUAGES, type Language, setLanguage, t, useLanguage } from '../../i18n';
import { getDeployment, networkName, newestGeneration } from '../../lib/deployment';
import { formatDuration, formatPercentFromBps } from '../../lib/format';
import { useStore } from '../../lib/store';
import { setTheme, THEMES, type Theme, themeStore } from '../../lib/theme';
import { Freshness } from '../../ui/freshness';
import { Facts, Page, Section } from '../../ui/page';
import { Code } from '../../ui/values';

export default function SettingsPage() {
  const deployment = getDeployment();
  const theme = useStore(themeStore);
  const language = useLanguage();
  const newest = newestGeneration();
  const policy = usePolicy(newest, newest.policy.policyId).data ?? newest.policy;
  return (
    <Page title={t('settings.title')}>
      <Section title={t('settings.looks')}>
        <div className="card grid gap-4 p-4">
          <Choice<Theme>
            label={t('settings.theme')}
            value={theme}
            options={THEMES.map((value) => [value, t(`settings.theme.${value}`)])}
            onChange={setTheme}
          />
          <Choice<Language>
            label={t('settings.language')}
            value={language}
            options={Object.entries(LANGUAGES) as [Language, string][]}
            onChange={(next) => void setLanguage(next)}
          />
        </div>
      </Section>
      <Section title={t('settings.network')}>
        <Facts
          rows={[
            [t('settings.network.name'), networkName()],
            [t('settings.network.chain'), String(deployment.chainId)],
            [t('settings.network.fresh'), <Freshness key="f" isLong />],
            deployment.rpc_url !== '' && [
              t('settings.network.node'),
              <Code key="n" value={deployment.rpc_url} label={t('settings.network.node')} isWhole />,
            ],
          ]}
        />
      </Section>
      {deployment.generations.map(({ number, isNewest, contracts }) => (
        <Section
          key={number}
          title={t(isNewest ? 'settings.contracts' : 'settings.contracts.older', { generation: number })}
        >
          <Facts
            rows={Object.entries(contracts).map(([name, address]) => [
              name,
              <Code key={name} value={address} label={name} isWhole />,
            ])}
          />
        </Section>
      ))}
      <Section title={t('settings.terms')}>
        <Facts
          rows={[
            [t('settings.terms.fee'), formatPercentFromBps(policy.feeBps)],
            [t('settings.terms.mark'), `${policy.passMark} / 100`],
            [t('settings.terms.verdict'), formatDuration(policy.verdictSeconds)],
            [t('settings.terms.review'), formatDuration(policy.reviewSeconds)],
          ]}
        />
      </Section>
    </Page>
  );
}

function Choice<V extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: V;
  options: readonly (readonly [V, string])[];
  onChange: (value: V) => void;
}) {
  return (
    <fieldset className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
      <legend className="float-left font-medium">{label}</legend>
      <div className="flex rounded-control border border-line-strong p-0.5">
        {options.map(([option, text]) => (
          <label
            key={option}
            className="flex min-h-8 items-center rounded-[4px] px-3 text-small font-medium text-muted transition-colors duration-[120ms] hover:text-ink has-checked:bg-accent-soft has-checked:text-accent has-focus-visible:outline-2 has-focus-visible:outline-accent pointer-coarse:min-h-10"
          >
            <input
              type="radio"
              name={label}
              value={option}
              checked={option === value}
              onChange={() => onChange(option)}
              className="sr-only"
            />
            {text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
