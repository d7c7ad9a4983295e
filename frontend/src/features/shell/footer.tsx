import { t } from '../../i18n';
import { Freshness } from '../../ui/freshness';

export function Footer() {
  return (
    <footer className="border-t border-line">
      <div className="mx-auto flex max-w-5xl flex-wrap items-center justify-between gap-x-6 gap-y-1 px-4 py-4 text-small text-muted sm:px-6">
        <p>{t('footer.promise')}</p>
        <Freshness isLong />
      </div>
    </footer>
  );
}
