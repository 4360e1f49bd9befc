using System.CommandLine;
using System.Globalization;
using System.Text;

namespace CudaRpc.Server.Commands;

/// <summary><c>cudarpc coverage</c>: how every function of the driver API travels, as docs/coverage.md has it.</summary>
internal static class CoverageCommand
{
    public static Command Create()
    {
        var command = new Command("coverage", "Print how each function of the driver API is remoted, as Markdown.");
        command.SetAction(_ =>
        {
            Console.Out.Write(Page());
            return 0;
        });
        return command;
    }

    /// <summary>The page, ending in a line feed.</summary>
    internal static string Page()
    {
        // Twins and older names are bodies of the contract that forward; they are counted with what they forward to.
        CoverageRow[] own = [.. Coverage.Rows.Where(row => row.Travels != "forwarded")];
        CoverageRow[] unsupported = [.. own.Where(row => row.Travels == "unsupported")];
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            # Coverage

            Generated from `headers/cuda.h` (CUDA {Coverage.CudaVersion / 1000}.{Coverage.CudaVersion % 1000 / 10}) and `headers/cuda.rules` by `cudarpc coverage`; do not edit.

            {Coverage.Rows.Count} functions: {own.Length - unsupported.Length} remoted or answered locally, {unsupported.Length} unsupported, {Coverage.Rows.Count - own.Length} older
            names and `_ptds`/`_ptsz` twins that forward. What is unsupported answers `CUDA_ERROR_NOT_SUPPORTED`.

            *Posted*: sent and not waited for; a failure is returned by a later call. *Synchronous*: one round trip. *Blocking*: may wait for the GPU. *Local*:
            answered by the client. *Hand-written*: the half that is not generated. *Since*: the CUDA version that brought it.

            | function | travels | hand-written | since | note |
            | --- | --- | --- | --- | --- |

            """);
        foreach (CoverageRow row in Coverage.Rows)
        {
            string since = row.Since == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{row.Since / 1000}.{row.Since % 1000 / 10}");
            page.Append(CultureInfo.InvariantCulture, $"| `{row.Function}` | {row.Travels} | {row.HandWritten} | {since} | {row.Note} |\n");
        }

        return page.ToString();
    }
}
