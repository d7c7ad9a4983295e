import clsx from 'clsx';
import { type ReactNode, useEffect, useRef } from 'react';

let isFirstPage = true;

/** A route: sets the document title, and after a navigation moves focus to the heading so that it is announced. */
export function Page({
  title,
  heading = title,
  intro,
  aside,
  isWide = false,
  children,
}: {
  title: string;
  heading?: ReactNode;
  intro?: ReactNode;
  aside?: ReactNode;
  isWide?: boolean;
  children: ReactNode;
}) {
  const headingRef = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!isFirstPage) {
      window.scrollTo(0, 0);
      headingRef.current?.focus({ preventScroll: true });
    }
    isFirstPage = false;
  }, []);
  return (
    <div
      className={clsx('mx-auto w-full px-4 pt-6 pb-16 sm:px-6 sm:pt-8', isWide ? 'max-w-5xl' : 'max-w-3xl')}
    >
      <title>{`${title} · AITBC`}</title>
      <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 max-w-2xl">
          <h1 ref={headingRef} tabIndex={-1}>
            {heading}
          </h1>
          {intro && <p className="mt-1.5 text-muted">{intro}</p>}
        </div>
        {aside}
      </header>
      {children}
    </div>
  );
}

export function Section({
  title,
  aside,
  id,
  children,
}: {
  title: ReactNode;
  aside?: ReactNode;
  id?: string;
  children: ReactNode;
}) {
  return (
    <section className="mt-8 first:mt-0" aria-labelledby={id}>
      <div className="mb-3 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Label and value pairs; one column on phones and where the place is narrow. */
export function Facts({
  rows,
  isNarrow = false,
}: {
  rows: readonly (readonly [string, ReactNode] | false)[];
  isNarrow?: boolean;
}) {
  return (
    <dl className="card divide-y divide-line">
      {rows.map(
        (row) =>
          row && (
            <div
              key={row[0]}
              className={clsx('grid gap-x-4 gap-y-0.5 px-4 py-2.5', !isNarrow && 'sm:grid-cols-[11rem_1fr]')}
            >
              <dt className="text-small text-muted sm:pt-px">{row[0]}</dt>
              <dd className="min-w-0">{row[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
