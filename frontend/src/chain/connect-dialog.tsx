import { Wallet } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useConnect, useConnection, useConnectors } from 'wagmi';
import { t } from '../i18n';
import { useStore } from '../lib/store';
import { Dialog } from '../ui/dialog';
import { Notice } from '../ui/states';
import { config } from './config';
import { describeError } from './errors';
import { connectDialogStore } from './wallet';

/** The wallets that have announced themselves in this browser; no third party is asked for more. */
export function ConnectDialog() {
  const isOpen = useStore(connectDialogStore);
  const close = () => connectDialogStore.set(false);
  return (
    <Dialog
      isOpen={isOpen}
      onClose={close}
      title={t('wallet.dialog.title')}
      description={t('wallet.dialog.text')}
    >
      <Choices onDone={close} />
    </Dialog>
  );
}

function Choices({ onDone }: { onDone: () => void }) {
  const { status } = useConnection({ config });
  const connect = useConnect({ config });
  const connectors = useConnectors({ config });
  const [hasPlainProvider, setHasPlainProvider] = useState(false);
  useEffect(() => {
    setHasPlainProvider('ethereum' in window);
  }, []);
  useEffect(() => {
    if (status === 'connected') onDone();
  }, [status, onDone]);

  const announced = connectors.filter((connector) => connector.id !== 'injected');
  const shown = announced.length > 0 ? announced : hasPlainProvider ? connectors : [];
  if (shown.length === 0)
    return (
      <Notice tone="warn" title={t('wallet.none.title')}>
        <p>{t('wallet.none.text')}</p>
      </Notice>
    );
  return (
    <div className="grid gap-2">
      {shown.map((connector) => {
        const isAsked = connect.isPending && connect.variables?.connector === connector;
        return (
          <button
            key={connector.uid}
            type="button"
            onClick={() => connect.mutate({ connector })}
            disabled={connect.isPending}
            className="flex min-h-12 items-center gap-3 rounded-card border border-line-strong px-3.5 py-2 text-left font-medium transition-colors duration-[120ms] hover:bg-raised disabled:opacity-70"
          >
            {connector.icon ? (
              <img src={connector.icon.trim()} alt="" className="size-6 rounded" />
            ) : (
              <Wallet aria-hidden className="size-5 text-muted" />
            )}
            <span className="flex-1">
              {connector.id === 'injected' ? t('wallet.browser') : connector.name}
            </span>
            {isAsked && <span className="text-small text-muted">{t('wallet.confirmThere')}</span>}
          </button>
        );
      })}
      <div aria-live="polite" className="empty:hidden">
        {connect.isError && <Notice tone="warn" title={describeError(connect.error).sentence} />}
      </div>
    </div>
  );
}
