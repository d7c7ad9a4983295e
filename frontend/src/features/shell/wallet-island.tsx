import { ChevronDown, Wallet } from 'lucide-react';
import { useEffect, useState } from 'react';
import { getBlock } from 'viem/actions';
import { useSwitchChain } from 'wagmi';
import { chain, config, node } from '../../chain/config';
import { ConnectDialog } from '../../chain/connect-dialog';
import { describeError } from '../../chain/errors';
import { FaucetButton } from '../../chain/faucet-button';
import { usePurse } from '../../chain/money';
import { resumePending } from '../../chain/send';
import { openConnect, useWallet } from '../../chain/wallet';
import { t } from '../../i18n';
import '../../i18n/chain-words';
import { newestGeneration } from '../../lib/deployment';
import { formatMoney, shorten } from '../../lib/format';
import { feedHead, streamStore } from '../../lib/live';
import { useStore } from '../../lib/store';
import { toast } from '../../lib/toast';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Code } from '../../ui/values';

const POLL_MS = 4000;

/** The chain's corner of the header, loaded after the first paint; it also keeps the clock and follows what was sent. */
export default function WalletIsland() {
  const wallet = useWallet();
  useNodeClock();
  useEffect(() => resumePending(), []);
  return (
    <>
      {wallet.address ? <Connected /> : <NotConnected isConnecting={wallet.isConnecting} />}
      <ConnectDialog />
    </>
  );
}

function NotConnected({ isConnecting }: { isConnecting: boolean }) {
  return (
    <Button variant="primary" isBusy={isConnecting} icon={<Wallet aria-hidden />} onClick={openConnect}>
      {t('wallet.connect')}
    </Button>
  );
}

function Connected() {
  const wallet = useWallet();
  const { token } = newestGeneration();
  const purse = usePurse(wallet.address);
  const { mutate: switchChain, isPending } = useSwitchChain({ config });
  const [isOpen, setOpen] = useState(false);
  if (!wallet.address) return null;
  if (wallet.chainId !== chain.id)
    return (
      <Button
        isBusy={isPending}
        onClick={() =>
          switchChain(
            { chainId: chain.id },
            { onError: (error) => toast('bad', describeError(error).sentence) },
          )
        }
      >
        {t('wallet.switchTo', { network: chain.name })}
      </Button>
    );
  return (
    <>
      <button
        type="button"
        aria-label={t('wallet.menu', { address: wallet.address })}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
        className="control inline-flex items-center gap-2 text-small font-medium"
      >
        <Wallet aria-hidden className="size-4 text-muted max-sm:hidden" />
        <span className="hidden lg:inline" data-balance>
          {purse.data ? formatMoney(purse.data.balance, token.decimals, token.symbol) : '…'}
        </span>
        <span className="font-mono text-[12.5px]">{shorten(wallet.address, 6, 4)}</span>
        <ChevronDown aria-hidden className="size-4 text-muted" />
      </button>
      <Dialog isOpen={isOpen} onClose={() => setOpen(false)} title={t('wallet.yours')}>
        <Code value={wallet.address} label={t('wallet.address')} isWhole />
        <dl className="my-4 grid grid-cols-[1fr_auto] gap-y-1 border-y border-line py-3 text-small">
          <dt className="text-muted">{t('wallet.balance')}</dt>
          <dd>{purse.data ? formatMoney(purse.data.balance, token.decimals, token.symbol) : '…'}</dd>
          <dt className="text-muted">{t('wallet.gas')}</dt>
          <dd>{purse.data ? formatMoney(purse.data.gas, 18, 'ETH') : '…'}</dd>
        </dl>
        <div className="flex flex-wrap gap-2">
          <FaucetButton />
          <Button variant="quiet" onClick={wallet.disconnect}>
            {t('wallet.disconnect')}
          </Button>
        </div>
      </Dialog>
    </>
  );
}

/** Chain time from the node: once at the start, then for as long as the server's stream does not deliver it. */
function useNodeClock(): void {
  const stream = useStore(streamStore);
  useEffect(() => {
    const poll = async () => {
      try {
        const block = await getBlock(node());
        feedHead(Number(block.number), Number(block.timestamp));
      } catch {
        // The freshness line then shows an ageing block.
      }
    };
    void poll();
    if (stream === 'live') return;
    const timer = setInterval(() => void poll(), POLL_MS);
    return () => clearInterval(timer);
  }, [stream]);
}
