import { useQueryClient } from '@tanstack/react-query';
import { CloudOff } from 'lucide-react';
import { t } from '../../i18n';
import { streamStore } from '../../lib/live';
import { useStore } from '../../lib/store';

/** Says when the server is gone, what still works, and lets the visitor try again. */
export function Banner() {
  const stream = useStore(streamStore);
  const queryClient = useQueryClient();
  return (
    <div role="status" aria-live="polite">
      {stream === 'down' && (
        <div className="border-b border-line bg-warn-soft">
          <div className="mx-auto flex max-w-5xl flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-small sm:px-6">
            <CloudOff aria-hidden className="size-4 text-warn" />
            <span className="flex-1">{t('banner.apiDown')}</span>
            <button type="button" className="link" onClick={() => void queryClient.invalidateQueries()}>
              {t('common.retry')}
            </button>
          </div>
        </div>
      )}
    </div>
  );
}
