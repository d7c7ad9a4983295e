/** Who is connected, and what stands between them and a signature. */
import { useConnection, useDisconnect, useSwitchChain } from 'wagmi';
import { type MessageKey, t } from '../i18n';
import type { Address } from '../lib/deployment';
import { createStore } from '../lib/store';
import { toast } from '../lib/toast';
import { chain, config } from './config';
import { describeError } from './errors';

export type Wallet = { address: Address | undefined; chainId: number | undefined; isConnecting: boolean };

export function useWallet(): Wallet & { disconnect: () => void } {
  const connection = useConnection({ config });
  const { mutate } = useDisconnect({ config });
  return {
    address: connection.address,
    chainId: connection.chainId,
    isConnecting: connection.status === 'reconnecting' || connection.status === 'connecting',
    disconnect: () => mutate({}),
  };
}

export const connectDialogStore = createStore(false);
export const openConnect = (): void => connectDialogStore.set(true);

export type Gate =
  | { kind: 'connect' | 'switch'; label: string; isBusy: boolean; run: () => void }
  | { kind: 'ready'; account: Address };

/** What the main button must be before it can be itself: "Connect a wallet to ...", "Switch to ...". */
export function useGate(connectKey: MessageKey): Gate {
  const wallet = useWallet();
  const { mutate: switchChain, isPending } = useSwitchChain({ config });
  if (!wallet.address)
    return { kind: 'connect', label: t(connectKey), isBusy: wallet.isConnecting, run: openConnect };
  if (wallet.chainId !== chain.id)
    return {
      kind: 'switch',
      label: t('wallet.switchTo', { network: chain.name }),
      isBusy: isPending,
      run: () =>
        switchChain(
          { chainId: chain.id },
          { onError: (error) => toast('bad', describeError(error).sentence) },
        ),
    };
  return { kind: 'ready', account: wallet.address };
}
