import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { t } from '../i18n';

/** A modal on the browser's own dialog: it traps focus, closes on Escape or a click outside, and gives focus back. */
export function Dialog({
  isOpen,
  onClose,
  title,
  description,
  children,
}: {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  description?: string;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const descriptionId = useId();
  useEffect(() => {
    const element = dialog.current;
    if (!element || !isOpen) return;
    element.showModal();
    return () => element.close();
  }, [isOpen]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard's way out is Escape, which the browser handles
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      aria-describedby={description ? descriptionId : undefined}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
      className="m-auto w-[calc(100%-2rem)] max-w-md rounded-dialog border border-line bg-surface p-0 text-ink shadow-2xl backdrop:bg-[oklch(15%_0.01_220/0.55)] max-sm:mb-4 sm:mt-[18vh]"
    >
      {isOpen && (
        <div className="max-h-[80dvh] overflow-y-auto p-5">
          <div className="mb-4 flex items-start justify-between gap-4">
            <div>
              <h2 id={titleId} className="text-[17px]!">
                {title}
              </h2>
              {description && (
                <p id={descriptionId} className="mt-1 text-small text-muted">
                  {description}
                </p>
              )}
            </div>
            <button
              type="button"
              aria-label={t('common.close')}
              onClick={onClose}
              className="-m-1.5 grid size-9 shrink-0 place-items-center rounded-control text-muted hover:bg-raised hover:text-ink"
            >
              <X aria-hidden className="size-[18px]" />
            </button>
          </div>
          {children}
        </div>
      )}
    </dialog>
  );
}
