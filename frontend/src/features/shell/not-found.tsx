import { Compass } from 'lucide-react';
import { t } from '../../i18n';
import { ButtonLink } from '../../ui/button';
import { Page } from '../../ui/page';
import { Empty } from '../../ui/states';

export function NotFound() {
  return (
    <Page title={t('notFound.title')}>
      <Empty
        icon={<Compass aria-hidden />}
        title={t('notFound.what')}
        action={
          <>
            <ButtonLink href="/" variant="primary">
              {t('nav.agents')}
            </ButtonLink>
            <ButtonLink href="/jobs">{t('nav.jobs')}</ButtonLink>
          </>
        }
      >
        {t('notFound.text')}
      </Empty>
    </Page>
  );
}
