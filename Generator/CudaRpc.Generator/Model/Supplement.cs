namespace CudaRpc.Generator.Model;

/// <summary>
/// Completes a header by what only ours declares, so that code written against ours compiles whatever the version of the header is. What the
/// header declares counts: its functions are the ones that are exported and covered, its macros and sizes are the ones that are used.
/// </summary>
internal static class Supplement
{
    /// <summary>The header, completed.</summary>
    /// <param name="given">The header to build from.</param>
    /// <param name="ours">The one that the hand-written code knows.</param>
    public static CApi Of(CApi given, CApi ours)
    {
        Dictionary<string, string> renamed = Renamed(given, ours);
        given = Rename(given, renamed);
        Dictionary<string, CFunction> functions = ours.Functions.ToDictionary(function => function.Name);
        Dictionary<string, CRecord> records = ours.Records.ToDictionary(record => record.Name);
        Dictionary<string, CEnum> enums = ours.Enums.ToDictionary(item => item.Name);
        HashSet<string> pointedTo =
        [
            .. given.Functions.SelectMany(function => function.Parameters)
                .Select(parameter => ((parameter.Type as CType.Pointer)?.To as CType.Record)?.Name ?? ""),
        ];
        return given with
        {
            // Views of NVIDIA's header differ in the names of parameters, of which the rules speak.
            Functions = new(Complete(
                given.Functions.Select(function => functions.TryGetValue(function.Name, out CFunction? known)
                    && Signature.Parameters(known) == Signature.Parameters(function) ? known : function),
                ours.Functions.Select(function => function with { Supplied = true }),
                function => function.Name).OrderBy(function => function.Name, StringComparer.Ordinal)),
            Records = new(Complete(
                given.Records.Select(record => records.TryGetValue(record.Name, out CRecord? known)
                    ? Complete(record, known, pointedTo) : record),
                ours.Records,
                record => record.Name)),
            Enums = new(Complete(
                given.Enums.Select(item => enums.TryGetValue(item.Name, out CEnum? known)
                    ? item with { Constants = new(Constants(item, known, given.Version < ours.Version)) } : item),
                ours.Enums,
                item => item.Name)),
            Handles = new(Complete(given.Handles, ours.Handles, handle => handle.Name)),
            DevicePointers = new(Complete(given.DevicePointers, ours.DevicePointers, pointer => pointer.Name)),
            Macros = new(Complete(given.Macros, ours.Macros, macro => macro.Name)),
        };
    }

    // A struct that got a successor is X_v1 since: in the older header it is X.
    private static Dictionary<string, string> Renamed(CApi given, CApi ours)
    {
        HashSet<string> old = [.. given.Records.Select(record => record.Name)];
        Dictionary<string, CRecord> known = ours.Records.ToDictionary(record => record.Name);
        return given.Records
            .Where(record => !known.ContainsKey(record.Name) && !old.Contains(record.Name + "_v1")
                && known.TryGetValue(record.Name + "_v1", out CRecord? successor) && successor.Size == record.Size)
            .ToDictionary(record => record.Name, record => record.Name + "_v1");
    }

    private static IEnumerable<T> Complete<T>(IEnumerable<T> given, IEnumerable<T> ours, Func<T, string> name)
    {
        List<T> all = [.. given];
        HashSet<string> names = [.. all.Select(name)];
        return all.Concat(ours.Where(item => !names.Contains(name(item))));
    }

    // Names have moved from one value to another: what code means by one is what the newer header means.
    private static IEnumerable<CConstant> Constants(CEnum given, CEnum ours, bool older)
    {
        Dictionary<string, CConstant> known = ours.Constants.ToDictionary(constant => constant.Name);
        return Complete(
            given.Constants.Select(constant => older && known.TryGetValue(constant.Name, out CConstant? moved) ? moved : constant),
            ours.Constants,
            constant => constant.Name);
    }

    // A struct keeps its size where programs pass it; one that only lies inside others, which have room for it, may have grown.
    private static CRecord Complete(CRecord given, CRecord ours, HashSet<string> pointedTo)
    {
        if (given.Size != ours.Size)
        {
            return pointedTo.Contains(given.Name) ? given : ours;
        }

        return given with { Fields = new(Complete(given.Fields.Select(field => Inner(field, ours)), ours.Fields, field => field.Name)) };
    }

    // Members were added to unions of structs without names.
    private static CField Inner(CField field, CRecord ours) =>
        field.Type is CType.Inline inline
        && ours.Fields.FirstOrDefault(item => item.Name == field.Name) is { Type: CType.Inline known }
        && known.Definition.Size == inline.Definition.Size
            ? field with { Type = new CType.Inline(Complete(inline.Definition, known.Definition, [])) }
            : field;

    private static CApi Rename(CApi api, Dictionary<string, string> names) => names.Count == 0 ? api : api with
    {
        Functions = new(api.Functions.Select(function => function with
        {
            Parameters = new(function.Parameters.Select(parameter => parameter with { Type = Rename(parameter.Type, names) })),
        })),
        Records = new(api.Records.Select(record => Rename(record, names))),
    };

    private static CRecord Rename(CRecord record, Dictionary<string, string> names) => record with
    {
        Name = names.TryGetValue(record.Name, out string? name) ? name : record.Name,
        Fields = new(record.Fields.Select(field => field with { Type = Rename(field.Type, names) })),
    };

    private static CType Rename(CType type, Dictionary<string, string> names) => type switch
    {
        CType.Record named when names.TryGetValue(named.Name, out string? name) => named with { Name = name },
        CType.Inline inline => new CType.Inline(Rename(inline.Definition, names)),
        CType.Pointer pointer => pointer with { To = Rename(pointer.To, names) },
        CType.Array array => array with { Of = Rename(array.Of, names) },
        CType.Callback callback => new CType.Callback(
            Rename(callback.Result, names), new(callback.Parameters.Select(parameter => Rename(parameter, names)))),
        _ => type,
    };
}
