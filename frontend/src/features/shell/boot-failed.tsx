import { t } from '../../i18n';
import { Button } from '../../ui/button';
import { Empty } from '../../ui/states';

/** No deployment facts: nothing on this page could be true, so nothing else is drawn. */
export function BootFailed({ onRetry }: { onRetry: () => void }) {
  return (
    <main className="mx-auto max-w-xl px-4 pt-24">
      <Empty title={t('boot.failed.title')} action={<Button onClick={onRetry}>{t('common.retry')}</Button>}>
        {t('boot.failed.text')}
      </Empty>
    </main>
  );
}
