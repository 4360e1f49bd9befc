using System.Globalization;
using CudaRpc.Driver;

namespace CudaRpc.Native;

/// <summary>What cuGetProcAddress answers: the forms that each name has had, from headers/proc-address.txt.</summary>
/// <remarks>Immutable, so safe from any thread. Each copy of the CUDA runtime in a process asks for some 400 names.</remarks>
internal sealed class ProcAddressTable
{
    private readonly Dictionary<string, List<Form>> _names = [];

    private ProcAddressTable()
    {
    }

    /// <summary>Reads the table, which is in the assembly.</summary>
    internal static ProcAddressTable Load()
    {
        using Stream stream = typeof(ProcAddressTable).Assembly.GetManifestResourceStream("proc-address.txt")!;
        using var reader = new StreamReader(stream);
        var table = new ProcAddressTable();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            string[] words = line.Split(' ');
            if (!table._names.TryGetValue(words[0], out List<Form>? forms)) table._names.Add(words[0], forms = []);
            forms.Add(new Form(int.Parse(words[1], CultureInfo.InvariantCulture), words[2] == "thread", Exports.Address(words[3])));
        }
        return table;
    }

    /// <summary>Finds the newest form of a function that a program knows.</summary>
    /// <param name="name">The name without a version: <c>cuMemAlloc</c>.</param>
    /// <param name="version">The CUDA version that the program knows.</param>
    /// <param name="driverVersion">The driver's: newer forms do not exist.</param>
    /// <param name="perThread">For a program whose default stream is per thread: such a form, if the function has any.</param>
    /// <param name="address">The function, or 0.</param>
    internal CUdriverProcAddressQueryResult Find(string name, int version, int driverVersion, bool perThread, out nint address)
    {
        address = 0;
        if (!_names.TryGetValue(name, out List<Form>? forms)) return CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
        bool wanted = perThread && forms.Exists(static form => form.PerThread);
        bool exists = false;
        int newest = -1;
        foreach (Form form in forms)
        {
            if (form.PerThread != wanted || form.Version > driverVersion) continue;
            exists = true;
            if (form.Version > version || form.Version <= newest) continue;
            newest = form.Version;
            address = form.Address;
        }
        if (!exists) return CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
        return newest < 0
            ? CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT
            : CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SUCCESS;
    }

    private readonly record struct Form(int Version, bool PerThread, nint Address);
}
