import type { ReactNode } from 'react';
import type { MessageKey } from '../i18n';
import type { Address } from '../lib/deployment';
import { Button } from '../ui/button';
import { useGate } from './wallet';

/** A button that needs a wallet: until one is connected and on the right network it *is* the step that is missing. */
export function ActionButton({
  connectKey,
  children,
  isBusy = false,
  isDisabled = false,
  variant = 'primary',
  isLarge = true,
  onAct,
}: {
  connectKey: MessageKey;
  children: ReactNode;
  isBusy?: boolean;
  isDisabled?: boolean;
  variant?: 'primary' | 'secondary' | 'danger';
  isLarge?: boolean;
  onAct: (account: Address) => void;
}) {
  const gate = useGate(connectKey);
  const size = isLarge ? 'large' : 'normal';
  if (gate.kind !== 'ready')
    return (
      <Button variant="primary" size={size} isBusy={gate.isBusy} onClick={gate.run} className="max-sm:w-full">
        {gate.label}
      </Button>
    );
  return (
    <Button
      variant={variant}
      size={size}
      isBusy={isBusy}
      disabled={isDisabled}
      onClick={() => onAct(gate.account)}
      className="max-sm:w-full"
    >
      {children}
    </Button>
  );
}
