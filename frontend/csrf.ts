export function csrfToken(within: ParentNode = document): string {
  return (
    within.querySelector<HTMLInputElement>('input[name="csrfmiddlewaretoken"]')?.value ??
    document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ??
    ""
  );
}
