import { QueryClient } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './index.css';
import { App } from './app';
import { BootFailed } from './features/shell/boot-failed';
import { initLanguage } from './i18n';
import { ApiError } from './lib/api';
import { loadDeployment } from './lib/deployment';
import { connectLive } from './lib/live';

const MAX_RETRIES = 2;

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 4000,
      retry: (count, error) => count < MAX_RETRIES && (!(error instanceof ApiError) || error.isUnreachable),
      retryDelay: (attempt) => Math.min(400 * 2 ** attempt, 4000),
    },
  },
});

const container = document.getElementById('root');
if (!container) throw new Error('index.html has no #root');
const root = createRoot(container);

async function boot(): Promise<void> {
  await initLanguage();
  try {
    await loadDeployment();
  } catch {
    root.render(<BootFailed onRetry={() => void boot()} />);
    return;
  }
  const disconnect = connectLive(queryClient);
  window.addEventListener('pagehide', disconnect, { once: true });
  root.render(
    <StrictMode>
      <App queryClient={queryClient} />
    </StrictMode>,
  );
}

void boot();
