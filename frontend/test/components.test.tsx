import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { TxStatus } from '../src/chain/tx-status';
import { ListingCards, ListingTable } from '../src/features/agents/listings';
import { ApiError, type ApiListing } from '../src/lib/api';
import { Button } from '../src/ui/button';
import { Dialog } from '../src/ui/dialog';
import { StatePill } from '../src/ui/state-pill';
import { Failed } from '../src/ui/states';
import { Code } from '../src/ui/values';

const ADDRESS = '0x1234567890abcdef1234567890abcdef12345678';

const listing: ApiListing = {
  listing_id: '4',
  agent_id: '0',
  agent_name: 'Lumen',
  owner: ADDRESS,
  wallet: ADDRESS,
  service_type: 'inspect-image',
  price: '2500000',
  decimals: 6,
  symbol: 'tUSD',
  policy_id: 1,
  work_seconds: 600,
  uri: '',
  is_available: true,
  created_at: 1,
  reputation_score: null,
  jobs_completed: 2,
  jobs_total: 3,
};

describe('Button', () => {
  it('is busy, says so and cannot be pressed twice', () => {
    const press = vi.fn();
    render(
      <Button isBusy onClick={press}>
        Hire
      </Button>,
    );
    const button = screen.getByRole('button', { name: 'Hire' });
    fireEvent.click(button);
    expect(button.getAttribute('aria-busy')).toBe('true');
    expect(press).not.toHaveBeenCalled();
  });
});

describe('Code', () => {
  it('shows a short form, holds the whole and copies the whole', async () => {
    const writeText = vi.fn().mockResolvedValue(undefined);
    vi.stubGlobal('navigator', { ...navigator, clipboard: { writeText } });
    render(<Code value={ADDRESS} label="address" />);
    expect(screen.getByTitle(ADDRESS).textContent).toContain('0x123456…345678');
    fireEvent.click(screen.getByRole('button', { name: 'Copy address' }));
    await waitFor(() => expect(writeText).toHaveBeenCalledWith(ADDRESS));
    await screen.findByRole('button', { name: 'Copied' });
    vi.unstubAllGlobals();
  });
});

describe('Dialog', () => {
  it('has a name, and closes by its button and by the browser', () => {
    const close = vi.fn();
    render(
      <Dialog isOpen onClose={close} title="Connect a wallet" description="Only signatures.">
        inside
      </Dialog>,
    );
    const dialog = screen.getByRole('dialog', { name: 'Connect a wallet' });
    fireEvent.click(within(dialog).getByRole('button', { name: 'Close' }));
    fireEvent(dialog, new Event('close'));
    expect(close).toHaveBeenCalledTimes(2);
  });
});

describe('states', () => {
  it('says each state of a job as a word', () => {
    render(<StatePill state="submitted" />);
    expect(screen.getByText('Delivered')).toBeTruthy();
  });

  it('tells an outage from a refusal, both with a way to try again', () => {
    const retry = vi.fn();
    const { rerender } = render(<Failed error={new ApiError(0, '', '', '')} onRetry={retry} />);
    expect(screen.getByText('The server is not answering')).toBeTruthy();
    rerender(<Failed error={new ApiError(422, '', 'No such cursor.', 'Start over.')} onRetry={retry} />);
    expect(screen.getByText('No such cursor. Start over.')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(retry).toHaveBeenCalledOnce();
  });
});

describe('TxStatus', () => {
  const error = { kind: 'rejected', sentence: 'You rejected it.', mend: 'Nothing was sent.' } as const;
  const shown = (state: Parameters<typeof TxStatus>[0]['state']) => {
    render(<TxStatus state={state} onDismiss={() => undefined} />);
    return document.body.textContent;
  };

  it('draws nothing before it starts', () => expect(shown({ stage: 'idle' })).toBe(''));
  it('waits for the wallet', () =>
    expect(shown({ stage: 'signing' })).toContain('Nothing has been sent yet'));
  it('says a rejection', () => expect(shown({ stage: 'rejected', error })).toContain('You rejected it.'));
  it('gives the hash while pending', () =>
    expect(shown({ stage: 'pending', hash: ADDRESS })).toContain(ADDRESS));
  it('says that slow is not lost', () =>
    expect(shown({ stage: 'slow', hash: ADDRESS })).toContain('leave this page'));
  it('names a cancellation', () =>
    expect(shown({ stage: 'cancelled', hash: ADDRESS })).toContain('cancelled'));
  it('says why the contract refused', () =>
    expect(shown({ stage: 'reverted', hash: ADDRESS, error })).toContain(
      'You rejected it. Nothing was sent.',
    ));
});

describe('listings', () => {
  it('announces the sorting and leads to the hire form of that very offer', () => {
    const sort = vi.fn();
    render(<ListingTable items={[listing]} sort="price" onSortPrice={sort} />);
    expect(screen.getByRole('columnheader', { name: 'Price' }).getAttribute('aria-sort')).toBe('ascending');
    expect(screen.getByRole('link', { name: 'Hire Lumen' }).getAttribute('href')).toBe(
      '/agents/0/hire?listing=4',
    );
    fireEvent.click(screen.getByRole('button', { name: 'Price' }));
    expect(sort).toHaveBeenCalledOnce();
  });

  it('never shows a rate without its sample, and no hire button for who takes no jobs', () => {
    render(
      <ListingCards
        items={[
          listing,
          { ...listing, listing_id: '5', agent_name: 'Idle', is_available: false, jobs_total: 0 },
        ]}
      />,
    );
    expect(screen.getByText('2 of 3 jobs paid')).toBeTruthy();
    expect(screen.getByText('No jobs yet')).toBeTruthy();
    expect(screen.queryByRole('link', { name: 'Hire Idle' })).toBeNull();
    expect(screen.getByText('Not taking jobs')).toBeTruthy();
  });
});
