import clsx from 'clsx';
import { type ReactNode, useState } from 'react';

/** A file field that is also a place to drop a file on; `children` say what is there. */
export function DropField({
  id,
  accept,
  faultId,
  isLocked,
  onFile,
  children,
}: {
  id: string;
  accept: string;
  /** Of the element that says what is wrong with the file, while something is. */
  faultId: string | undefined;
  isLocked: boolean;
  onFile: (file: File) => void;
  children: ReactNode;
}) {
  const [isOver, setOver] = useState(false);
  const take = (file: File | undefined) => {
    if (file && !isLocked) onFile(file);
  };
  return (
    <label
      htmlFor={id}
      data-drop
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files[0]);
      }}
      className={clsx(
        'relative block rounded-card border border-dashed transition-colors duration-[120ms]',
        'focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent',
        isOver ? 'border-accent bg-accent-soft' : 'border-line-strong hover:border-muted',
        isLocked && 'pointer-events-none opacity-70',
      )}
    >
      <input
        id={id}
        type="file"
        accept={accept}
        disabled={isLocked}
        aria-describedby={faultId}
        aria-invalid={faultId ? true : undefined}
        className="sr-only"
        onChange={(event) => {
          take(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      {children}
    </label>
  );
}
