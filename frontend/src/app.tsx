import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { Component, lazy, type ReactNode, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { AgentsPage } from './features/agents/agents-page';
import { Banner } from './features/shell/banner';
import { Footer } from './features/shell/footer';
import { Header, PhoneNav } from './features/shell/header';
import { NotFound } from './features/shell/not-found';
import { t, useLanguage } from './i18n';
import { Button } from './ui/button';
import { Empty, LoadingRows } from './ui/states';
import { Toasts } from './ui/toasts';

const AgentPage = lazy(() => import('./features/agents/agent-page'));
const HirePage = lazy(() => import('./features/hire/hire-page'));
const JobsPage = lazy(() => import('./features/jobs/jobs-page'));
const loadJobPage = () => import('./features/jobs/job-page');
const JobPage = lazy(loadJobPage);
const ActivityPage = lazy(() => import('./features/activity/activity-page'));
const SettingsPage = lazy(() => import('./features/settings/settings-page'));

/** Providers and routes, in one nest. A change of language redraws everything below. */
export function App({ queryClient }: { queryClient: QueryClient }) {
  const language = useLanguage();
  return (
    <QueryClientProvider client={queryClient}>
      <div key={language} className="flex min-h-dvh flex-col pb-14 sm:pb-0">
        <a
          href="#main"
          className="sr-only z-50 rounded-control bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
        >
          {t('shell.skip')}
        </a>
        <Header />
        <Banner />
        <main id="main" className="min-h-[calc(100dvh-3.5rem)] flex-1">
          <Boundary>
            <Suspense fallback={<Loading />}>
              <Switch>
                <Route path="/" component={AgentsPage} />
                <Route path="/agents/:id/hire">
                  {({ id }) => <HirePage key={id} agentId={id} onHiring={loadJobPage} />}
                </Route>
                <Route path="/agents/:id">{({ id }) => <AgentPage key={id} agentId={id} />}</Route>
                <Route path="/jobs" component={JobsPage} />
                <Route path="/jobs/:id">{({ id }) => <JobPage key={id} reference={id} />}</Route>
                <Route path="/activity" component={ActivityPage} />
                <Route path="/settings" component={SettingsPage} />
                <Route component={NotFound} />
              </Switch>
            </Suspense>
          </Boundary>
        </main>
        <Footer />
        <PhoneNav />
        <Toasts />
      </div>
    </QueryClientProvider>
  );
}

function Loading() {
  return (
    <div className="mx-auto w-full max-w-3xl px-4 pt-8 sm:px-6">
      <LoadingRows count={5} />
    </div>
  );
}

/** A fault in one page (or a chunk of an older build that is gone) leaves header and ways out in place. */
class Boundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };
  static getDerivedStateFromError() {
    return { hasFailed: true };
  }
  override render() {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div className="mx-auto max-w-3xl px-4 pt-8">
        <Empty
          title={t('shell.fault.title')}
          action={<Button onClick={() => window.location.reload()}>{t('shell.fault.reload')}</Button>}
        >
          {t('shell.fault.text')}
        </Empty>
      </div>
    );
  }
}
