import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Address } from '../lib/deployment';
import { type Call, type SendEnd, type SendState, send } from './send';

/** One button's transaction: its state for drawing, `run` to start it, `reset` to forget how it ended. */
export function useSend(): {
  state: SendState;
  isBusy: boolean;
  run: (account: Address, call: Call) => Promise<SendEnd>;
  reset: () => void;
} {
  const queryClient = useQueryClient();
  const [state, setState] = useState<SendState>({ stage: 'idle' });
  const isMounted = useRef(true);
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
    };
  }, []);
  const run = useCallback(
    async (account: Address, call: Call) => {
      const end = await send(account, call, (next) => isMounted.current && setState(next));
      if (end.stage === 'confirmed') {
        void queryClient.invalidateQueries({ queryKey: ['money'] });
        if (call.job) void queryClient.invalidateQueries({ queryKey: ['job', call.job.full] });
        void queryClient.invalidateQueries({ queryKey: ['jobs'] });
      }
      return end;
    },
    [queryClient],
  );
  const reset = useCallback(() => setState({ stage: 'idle' }), []);
  const isBusy = ['checking', 'signing', 'pending', 'slow'].includes(state.stage);
  return { state, isBusy, run, reset };
}
